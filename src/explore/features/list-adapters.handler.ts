import { type DataOf, Handles, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { FileLinks } from '../adapters/file-links.js';
import { ListAdapters } from '../contracts/index.js';
import { type AdapterRow, selectAdapters, toAdapterView, visibleToActor } from '../persistence/adapter-rows.js';

/** Ids are made in the order of time, so an id is the place where the next page begins. */
@Handles(ListAdapters)
export class ListAdaptersHandler {
  constructor(
    private readonly db: Database,
    private readonly links: FileLinks,
  ) {}

  async handle(
    { base, search, mine, after, limit }: DataOf<ListAdapters>,
    context: MessageContext,
  ): Promise<ResultOf<ListAdapters>> {
    const actor = requireActor(context);
    const rows = await this.db.query<AdapterRow>(
      `${selectAdapters}
       WHERE ${visibleToActor}
         AND ($3::text IS NULL OR a.base_digest = $3 OR a.browser_base_digest = $3)
         AND ($4::text IS NULL OR a.name ILIKE $4 OR a.description ILIKE $4)
         AND (NOT $5::boolean OR a.owner_id = $1)
         AND ($6::text IS NULL OR a.id::text < $6)
       ORDER BY a.id DESC LIMIT $7`,
      [
        ...[actor.userId, actor.role, base ?? null, search ? `%${search.replace(/[\\%_]/g, '\\$&')}%` : null],
        ...[mine ?? false, after ?? null, limit + 1],
      ],
    );
    const { urlOf } = await this.links.maker();
    const items = rows.slice(0, limit).map((row) => toAdapterView(row, actor, urlOf));
    return { items, next: rows.length > limit ? items.at(-1)!.id : null };
  }
}
