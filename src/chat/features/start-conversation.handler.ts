import { newId } from '@app/kernel';
import { Handles, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { StartConversation } from '../contracts/index.js';
import { Conversation } from '../domain/conversation.js';
import { Conversations } from '../domain/conversations.js';
import { UNTITLED } from '../domain/title.js';
import { type ConversationRow, toSummary } from '../persistence/message-rows.js';

@Handles(StartConversation)
export class StartConversationHandler {
  constructor(
    private readonly conversations: Conversations,
    private readonly db: Database,
  ) {}

  async handle(
    { id: given, title }: DataOf<StartConversation>,
    context: MessageContext,
  ): Promise<ResultOf<StartConversation>> {
    const { userId } = requireActor(context);
    const id = given ?? newId();
    // Nobody else can have begun one with an id of our own.
    const existing = given && (await this.conversations.find(id));
    if (!existing || existing.version === 0) {
      const started = await this.conversations.save(Conversation.start(id, userId, title ?? null));
      const createdAt = started!.toISOString();
      return { id, title: title ?? UNTITLED, createdAt, updatedAt: createdAt };
    }
    existing.requireOwner(userId);
    const rows = await this.db.query<ConversationRow>(
      `SELECT id, title, created_at, updated_at FROM chat.conversations WHERE id = $1`,
      [id],
    );
    return rows.map(toSummary)[0]!;
  }
}
