import { Handles, MessageBus, requireActor, type DataOf, type MessageContext } from '@app/messaging';
import { BrowserUsageRecorded, FinishBrowserAnswer } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';
import { findWhereKept } from '../domain/recovery.js';
import { provenMetadata } from '../security/browser-proof.js';

@Handles(FinishBrowserAnswer)
export class FinishBrowserAnswerHandler {
  constructor(
    private readonly conversations: Conversations,
    private readonly bus: MessageBus,
  ) {}

  async handle(
    { conversationId: meantId, messageId, status, text, error, run, proof }: DataOf<FinishBrowserAnswer>,
    context: MessageContext,
  ): Promise<void> {
    const { userId } = requireActor(context);
    // Deleted by a device that did not know of it: then its question is kept elsewhere, and so is its end.
    const conversation = await findWhereKept(this.conversations, meantId, userId);
    const { id: conversationId } = conversation;
    const metadata = await provenMetadata(proof, { messageId, text, run });
    if (!conversation.finishBrowserAnswer({ messageId, status, text, error, metadata })) return;
    await this.conversations.save(conversation);
    await this.bus.publish(new BrowserUsageRecorded({ answerId: messageId, conversationId, status, run }), {
      stream: `chat.browser-usage:${messageId}`,
    });
  }
}
