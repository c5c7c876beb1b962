import { erase } from '@app/audit';
import type { Database } from './database.js';

const BATCH = 500;

/**
 * @param fields names of fields, at any depth of an event's data, that hold what people wrote
 * @returns whether there was anything to erase
 */
export async function eraseStreams(
  db: Database,
  streams: readonly string[],
  fields: readonly string[],
): Promise<boolean> {
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
    if (rows.length < BATCH) return any;
    after = rows.at(-1)!.position;
  }
}
