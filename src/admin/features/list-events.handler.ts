import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { ListEvents } from '../contracts/index.js';
import { withoutContent } from '../domain/without-content.js';
import { type AuditRow, filterValues, passes } from '../persistence/audit-rows.js';

@Handles(ListEvents)
export class ListEventsHandler {
  constructor(private readonly db: Database) {}

  async handle({ cursor, limit, ...filter }: DataOf<ListEvents>): Promise<ResultOf<ListEvents>> {
    const rows = await this.db.query<AuditRow & { occurred_at: Date }>(
      `SELECT e.position::text AS position, e.id, e.type, e.stream, e.version, e.data, e.metadata, e.occurred_at
       FROM platform.events e WHERE ($7::bigint IS NULL OR e.position < $7::bigint) AND ${passes}
       ORDER BY e.position DESC LIMIT $8`,
      [...filterValues(filter), cursor ?? null, limit + 1],
    );
    const page = rows.slice(0, limit);
    return {
      items: page.map(({ metadata: { actor, source, correlationid }, ...row }) => ({
        position: row.position,
        id: row.id,
        type: row.type,
        stream: row.stream,
        occurredAt: row.occurred_at.toISOString(),
        actor: actor ? { userId: actor.userId, role: actor.role } : null,
        source: source ?? null,
        correlationId: correlationid ?? null,
        data: withoutContent(row.data),
      })),
      nextCursor: rows.length > limit ? (page.at(-1)?.position ?? null) : null,
    };
  }
}
