import { type DataOf, type MessageContext, OnEvent } from '@app/messaging';
import { AnswerFinished, ConversationDeleted } from '../../chat/contracts/index.js';
import { recipientUnknown } from '../domain/errors.js';
import { Inboxes } from '../persistence/inboxes.js';
import { Notices } from '../persistence/notices.js';

/** One queue, so that nothing tells of a conversation that is gone. */
@OnEvent<AnswerFinished | ConversationDeleted>([AnswerFinished, ConversationDeleted], {
  queue: 'notifications.notify-on-answer-finished',
  attempts: 8,
})
export class NotifyOnAnswerFinishedHandler {
  constructor(
    private readonly notices: Notices,
    private readonly inboxes: Inboxes,
  ) {}

  async handle(
    data: DataOf<AnswerFinished> | DataOf<ConversationDeleted>,
    { id, actor }: MessageContext,
  ): Promise<void> {
    const { conversationId } = data;
    if (!('status' in data)) return this.inboxes.removeConversation(conversationId);
    // Who stopped an answer knows that it ended.
    if (data.status === 'stopped') return;
    const ownerId = data.ownerId ?? actor?.userId;
    if (!ownerId) return;
    const { messageId, title = 'Your chat' } = data;
    const known = await this.notices.tell(id, ownerId, {
      ...(data.status === 'failed'
        ? { kind: 'answer-failed', title: 'An answer failed' }
        : { kind: 'answer-finished', title: 'Your answer is ready' }),
      ...{ text: title, path: `/c/${conversationId}`, conversationId, messageId, email: 'if-unread' },
    });
    if (!known) throw recipientUnknown(ownerId);
  }
}
