/** SQL: a row of `platform.events` as the envelope that travels. */
export const ENVELOPE_OF_EVENT = `
  jsonb_strip_nulls(jsonb_build_object(
    'id', id, 'type', type, 'source', coalesce(metadata->>'source', split_part(type, '.', 1)),
    'time', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'correlationid', coalesce(metadata->>'correlationid', id::text),
    'causationid', metadata->>'causationid', 'traceparent', metadata->>'traceparent', 'actor', metadata->'actor'
  )) || jsonb_build_object('data', data)`;
