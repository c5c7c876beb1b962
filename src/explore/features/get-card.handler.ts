import { type DataOf, Handles, type MessageContext, type ResultOf } from '@app/messaging';
import { Cards } from '../cards/cards.js';
import { GetCard } from '../contracts/index.js';
import { noCard } from '../domain/errors.js';
import { EntryRows } from '../persistence/entry-rows.js';

@Handles(GetCard)
export class GetCardHandler {
  constructor(
    private readonly entries: EntryRows,
    private readonly cards: Cards,
  ) {}

  async handle({ entryId }: DataOf<GetCard>, context: MessageContext): Promise<ResultOf<GetCard>> {
    const { repo } = await this.entries.get(entryId, context.actor ?? null);
    if (!repo) throw noCard();
    return this.cards.view(repo, `/api/explore/entries/${encodeURIComponent(entryId)}/pictures`);
  }
}
