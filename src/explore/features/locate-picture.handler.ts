import { type DataOf, Handles, type MessageContext, type ResultOf } from '@app/messaging';
import { Pictures } from '../cards/pictures.js';
import { LocatePicture } from '../contracts/index.js';
import { noCard } from '../domain/errors.js';
import { EntryRows } from '../persistence/entry-rows.js';

@Handles(LocatePicture)
export class LocatePictureHandler {
  constructor(
    private readonly entries: EntryRows,
    private readonly pictures: Pictures,
  ) {}

  async handle(
    { entryId, pictureId }: DataOf<LocatePicture>,
    context: MessageContext,
  ): Promise<ResultOf<LocatePicture>> {
    const { repo } = await this.entries.get(entryId, context.actor ?? null);
    if (!repo) throw noCard();
    return this.pictures.locate(repo, pictureId);
  }
}
