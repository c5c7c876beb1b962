import { Handles, requireActor, type DataOf, type MessageContext } from '@app/messaging';
import { EventStore } from '@app/persistence';
import { BrowserUsageRecorded, RecordBrowserUsage } from '../contracts/index.js';

/** One stream an answer: what was counted is not counted again. */
@Handles(RecordBrowserUsage)
export class RecordBrowserUsageHandler {
  constructor(private readonly events: EventStore) {}

  async handle({ answerId, status, run }: DataOf<RecordBrowserUsage>, context: MessageContext): Promise<void> {
    requireActor(context);
    const stream = `chat.browser-usage:${answerId}`;
    if ((await this.events.read(stream)).length > 0) return;
    await this.events.append(stream, 0, [new BrowserUsageRecorded({ answerId, conversationId: null, status, run })]);
  }
}
