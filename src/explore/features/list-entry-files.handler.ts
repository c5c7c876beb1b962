import { type DataOf, Handles, type MessageContext, type ResultOf } from '@app/messaging';
import { ListEntryFiles } from '../contracts/index.js';
import { EntryFiles } from '../fit/entry-files.js';

@Handles(ListEntryFiles)
export class ListEntryFilesHandler {
  constructor(private readonly files: EntryFiles) {}

  handle({ entryId }: DataOf<ListEntryFiles>, context: MessageContext): Promise<ResultOf<ListEntryFiles>> {
    return this.files.of(entryId, context.actor ?? null);
  }
}
