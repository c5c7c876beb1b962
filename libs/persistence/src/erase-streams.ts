import { erase, STREAMS_ERASED } from '@app/audit';
import { newId } from '@app/kernel';
import type { Database } from './database.js';
import type { EventStore } from './event-store.js';

const BATCH = 500;

/** @param fields names of fields, at any depth of an event's data, that hold what people wrote */
export async function eraseStreams(
  db: Database,
  events: EventStore,
  streams: readonly string[],
  fields: readonly string[],
): Promise<void> {
  const names = new Set(fields);
  let any = false;
  for (let after = '0'; ;) {
    const rows = await db.query<{ position: string; data: Record<string, unknown> }>(
      `SELECT position::text AS position, data FROM platform.events
       WHERE stream = ANY($1) AND position > $2 AND erased IS NULL ORDER BY position LIMIT ${BATCH}`,
      [streams, after],
    );
    const changed = rows
      .map(({ position, data }) => ({ position, ...erase(data, names) }))
      .filter(({ erased }) => Object.keys(erased).length > 0);
    if (changed.length > 0) {
      any = true;
      await db.query(
        `UPDATE platform.events e SET data = c.data, erased = c.erased
         FROM jsonb_to_recordset($1::jsonb) AS c(position bigint, data jsonb, erased jsonb) WHERE e.position = c.position`,
        [JSON.stringify(changed)],
      );
    }
    if (rows.length < BATCH) break;
    after = rows.at(-1)!.position;
  }
  if (any) await events.append(`platform.erasure:${newId()}`, 0, [{ type: STREAMS_ERASED, data: { streams } }]);
}
