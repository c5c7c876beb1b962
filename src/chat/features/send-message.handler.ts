import { Config } from '@app/config';
import { newId } from '@app/kernel';
import { Handles, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { SendMessage } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';
import { findOrRecover } from '../domain/recovery.js';
import { readMessages } from '../persistence/message-rows.js';

@Handles(SendMessage)
export class SendMessageHandler {
  constructor(
    private readonly conversations: Conversations,
    private readonly db: Database,
    private readonly config: Config,
  ) {}

  async handle(
    { conversationId: meantId, id = newId(), text, model, adapters, sampler = {}, ...rest }: DataOf<SendMessage>,
    context: MessageContext,
  ): Promise<ResultOf<SendMessage>> {
    const { userId } = requireActor(context);
    const conversation =
      rest.ifDeleted === 'recover'
        ? await findOrRecover(this.conversations, meantId, userId, id)
        : (await this.conversations.find(meantId)).requireOwner(userId);
    const { id: conversationId } = conversation;
    const first = conversation.answerTo(id);
    if (first) {
      // Sent before (the reply was lost, or the client tried again): the first time counts.
      const [message, answer] = await readMessages(this.db, [id, first.id]);
      return { message: message!, answer: answer!, generationId: first.generationId };
    }
    // In a recovered conversation what it followed may be gone.
    const elsewhere = conversationId !== meantId && typeof rest.parentId === 'string';
    const parentId = elsewhere ? conversation.here(rest.parentId!) : rest.parentId;
    const { maxMessageChars: maxCharacters } = this.config.chat;
    const order = { answerId: newId(), generationId: newId(), model: model ?? null, adapters, sampler };
    const follows = conversation.send({ id, text, parentId, maxCharacters }, order);
    const createdAt = (await this.conversations.save(conversation))!.toISOString();
    // What was just stored is not read again: the answer waits for these milliseconds.
    const fresh = { conversationId, runsIn: 'server', error: null, metadata: null, createdAt } as const;
    return {
      generationId: order.generationId,
      message: { ...fresh, id, parentId: follows, role: 'user', text, status: 'complete', model: null },
      answer: {
        ...fresh,
        id: order.answerId,
        parentId: id,
        role: 'assistant',
        text: '',
        status: 'pending',
        model: order.model,
      },
    };
  }
}
