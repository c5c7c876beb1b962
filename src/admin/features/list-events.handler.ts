import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { ListEvents } from '../contracts/index.js';
import { withoutContent } from '../domain/without-content.js';

interface EventRow {
  position: string;
  id: string;
  type: string;
  stream: string;
  data: Record<string, unknown>;
  metadata: { actor?: { userId: string; role: string }; source?: string; correlationid?: string };
  occurred_at: Date;
}

@Handles(ListEvents)
export class ListEventsHandler {
  constructor(private readonly db: Database) {}

  async handle({ cursor, limit, type }: DataOf<ListEvents>): Promise<ResultOf<ListEvents>> {
    const rows = await this.db.query<EventRow>(
      `SELECT position::text AS position, id, type, stream, data, metadata, occurred_at FROM platform.events
       WHERE ($1::bigint IS NULL OR position < $1::bigint) AND ($2::text IS NULL OR starts_with(type, $2))
       ORDER BY platform.events.position DESC LIMIT $3`,
      [cursor ?? null, type ?? null, limit + 1],
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
