import type { StoredEvent } from '@app/persistence';
import type { Envelope } from './message.js';

/** The envelope in which a stored event travels. */
export function envelopeOfEvent({ id, type, data, metadata, occurredAt }: StoredEvent): Envelope {
  const { source = type.slice(0, type.indexOf('.')), correlationid = id, ...rest } = metadata as Partial<Envelope>;
  const { causationid, traceparent, tracestate, actor } = rest;
  return {
    ...{ id, type, source, time: occurredAt.toISOString(), correlationid },
    ...(causationid && { causationid }),
    ...(traceparent && { traceparent }),
    ...(tracestate && { tracestate }),
    ...(actor && { actor }),
    data,
  };
}

/**
 * The same in SQL: the event at each `position` of `rows`, as `e(id, type, envelope)` with the envelope that travels. LATERAL with an
 * OFFSET keeps the planner at one index look-up a row; a plain join may read the whole table.
 */
export const eventOf = (rows: string) => `
  LATERAL (
    SELECT id, type, jsonb_strip_nulls(jsonb_build_object(
      'id', id, 'type', type, 'source', coalesce(metadata->>'source', split_part(type, '.', 1)),
      'time', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'correlationid', coalesce(metadata->>'correlationid', id::text),
      'causationid', metadata->>'causationid', 'traceparent', metadata->>'traceparent',
      'tracestate', metadata->>'tracestate', 'actor', metadata->'actor'
    )) || jsonb_build_object('data', data) AS envelope
    FROM platform.events WHERE events.position = ${rows}.position OFFSET 0
  ) AS e`;
