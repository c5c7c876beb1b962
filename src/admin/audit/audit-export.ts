import { type ExportedEvent, type ExportEnd, type ExportStart, hide, showErased } from '@app/audit';
import type { Database } from '@app/persistence';
import type { AuditFilter } from '../contracts/index.js';
import { withHiddenContent, withoutContent } from '../domain/without-content.js';
import { type AuditRow, filterValues, isUnfiltered, passes } from '../persistence/audit-rows.js';

const BATCH = 500;

type SealedRow = AuditRow & { seal: string; at: string; erased: Record<string, string> | null };

/** The sealed events that pass the filter, oldest first, a batch at a time; what comes while it runs is not in it. */
async function* sealedRows(db: Database, filter: AuditFilter): AsyncGenerator<SealedRow[]> {
  const [last] = await db.query<{ position: string | null }>(
    'SELECT max(position)::text AS position FROM platform.seals',
    [],
  );
  const upTo = last?.position ?? '0';
  for (let after = '0'; ;) {
    const rows = await db.query<SealedRow>(
      `SELECT e.position::text AS position, e.id::text AS id, e.stream, e.version, e.type, e.data, e.erased, e.metadata, s.seal,
              to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
       FROM platform.events e JOIN platform.seals s ON s.position = e.position
       WHERE e.position > $7::bigint AND e.position <= $8::bigint AND ${passes}
       ORDER BY e.position LIMIT ${BATCH}`,
      [...filterValues(filter), after, upTo],
    );
    if (rows.length > 0) yield rows;
    if (rows.length < BATCH) return;
    after = rows.at(-1)!.position;
  }
}

/** One JSON a line, content hidden behind its commitment. Without a filter it can be verified offline. */
export async function* ndjson(db: Database, filter: AuditFilter): AsyncGenerator<string> {
  const complete = isUnfiltered(filter);
  yield line({ format: 'parley-audit-1', complete } satisfies ExportStart);
  let end: ExportEnd = { end: true, events: 0, head: null };
  for await (const rows of sealedRows(db, filter)) {
    yield rows
      .map(({ at: occurredAt, seal, data, erased, ...row }) =>
        line({
          ...row,
          occurredAt,
          data: withHiddenContent(showErased(data, erased) as typeof data, hide),
          seal,
        } satisfies ExportedEvent),
      )
      .join('');
    const { position, seal } = rows.at(-1)!;
    end = { end: true, events: end.events + rows.length, head: { position, seal } };
  }
  yield line(end);
}

const COLUMNS = ['position', 'id', 'time', 'type', 'stream', 'actor', 'role', 'source', 'correlation', 'data'];

/** For spreadsheets (RFC 4180); content is its length. */
export async function* csv(db: Database, filter: AuditFilter): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for await (const rows of sealedRows(db, filter)) {
    yield rows
      .map(({ position, id, at, type, stream, metadata: { actor, source, correlationid }, data }) =>
        [position, id, at, type, stream, actor?.userId, actor?.role, source, correlationid, withoutContent(data)]
          .map(cell)
          .join(',')
          .concat('\r\n'),
      )
      .join('');
  }
}

const line = (value: object) => `${JSON.stringify(value)}\n`;

function cell(value: unknown): string {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
  // A spreadsheet runs what begins like a formula.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
