import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { Cards } from '../cards/cards.js';
import { GetHubCard } from '../contracts/index.js';

@Handles(GetHubCard)
export class GetHubCardHandler {
  constructor(private readonly cards: Cards) {}

  handle({ repo }: DataOf<GetHubCard>): Promise<ResultOf<GetHubCard>> {
    return this.cards.view(repo, `/api/explore/hub/models/${repo}/pictures`);
  }
}
