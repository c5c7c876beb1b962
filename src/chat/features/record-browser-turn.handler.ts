import { Config } from '@app/config';
import { Handles, MessageBus, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { BrowserUsageRecorded, RecordBrowserTurn } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';
import { findOrRecover } from '../domain/recovery.js';
import { readMessages } from '../persistence/message-rows.js';
import { provenMetadata } from '../security/browser-proof.js';

@Handles(RecordBrowserTurn)
export class RecordBrowserTurnHandler {
  constructor(
    private readonly conversations: Conversations,
    private readonly db: Database,
    private readonly config: Config,
    private readonly bus: MessageBus,
  ) {}

  async handle(turn: DataOf<RecordBrowserTurn>, context: MessageContext): Promise<ResultOf<RecordBrowserTurn>> {
    const { conversationId: meantId, messageId, message, parentId, model, status, text, error, run, proof } = turn;
    const { userId } = requireActor(context);
    const metadata = await provenMetadata(proof, { messageId, text, run });
    const conversation = await findOrRecover(this.conversations, meantId, userId, messageId);
    const { id: conversationId } = conversation;
    if (!conversation.has(messageId)) {
      // In a recovered conversation what it followed may be gone.
      const follows = conversationId === meantId ? message.parentId : conversation.here(message.parentId);
      const { maxMessageChars: maxCharacters } = this.config.chat;
      const question = { ...message, parentId: follows, maxCharacters };
      conversation.startBrowserAnswer({ id: messageId, parentId, model }, question);
    }
    const ended = conversation.finishBrowserAnswer({ messageId, status, text, error, metadata });
    await this.conversations.save(conversation);
    if (ended) {
      await this.bus.publish(new BrowserUsageRecorded({ answerId: messageId, conversationId, status, run }), {
        stream: `chat.browser-usage:${messageId}`,
      });
    }
    const [question, answer] = await readMessages(this.db, [parentId, messageId]);
    return { message: question!, answer: answer! };
  }
}
