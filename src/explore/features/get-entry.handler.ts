import { type DataOf, Handles, type MessageContext, type ResultOf } from '@app/messaging';
import { GetEntry } from '../contracts/index.js';
import { EntryRows } from '../persistence/entry-rows.js';

@Handles(GetEntry)
export class GetEntryHandler {
  constructor(private readonly entries: EntryRows) {}

  handle({ entryId }: DataOf<GetEntry>, context: MessageContext): Promise<ResultOf<GetEntry>> {
    return this.entries.get(entryId, context.actor ?? null);
  }
}
