import { type DataOf, Handles, MessageBus, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { EntryRated, RateEntry } from '../contracts/index.js';
import { EntryRows } from '../persistence/entry-rows.js';

@Handles(RateEntry)
export class RateEntryHandler {
  constructor(
    private readonly db: Database,
    private readonly entries: EntryRows,
    private readonly bus: MessageBus,
  ) {}

  async handle({ entryId, stars }: DataOf<RateEntry>, context: MessageContext): Promise<ResultOf<RateEntry>> {
    const actor = requireActor(context);
    const before = await this.entries.get(entryId, actor);
    if (before.rating.mine === stars) return before;
    const { userId } = actor;
    // One after the other, so that the sum below sees every rating.
    await this.db.query(`SELECT 1 FROM explore.catalogue_entries WHERE id = $1 FOR UPDATE`, [entryId]);
    await this.db.query(`DELETE FROM explore.catalogue_ratings WHERE entry_id = $1 AND user_id = $2`, [
      entryId,
      userId,
    ]);
    if (stars !== null)
      await this.db.query(
        `INSERT INTO explore.catalogue_ratings (entry_id, user_id, stars, rated_at) VALUES ($1, $2, $3, $4)`,
        [entryId, userId, stars, new Date()],
      );
    await this.db.query(
      `UPDATE explore.catalogue_entries SET (rating_sum, rating_count) =
         (SELECT coalesce(sum(stars), 0), count(*) FROM explore.catalogue_ratings WHERE entry_id = $1)
       WHERE id = $1`,
      [entryId],
    );
    await this.bus.publish(new EntryRated({ entryId, userId, stars }), { stream: `explore.entry:${entryId}` });
    return this.entries.get(entryId, actor);
  }
}
