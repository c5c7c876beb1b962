import { newId } from '@app/kernel';
import { Conversation } from './conversation.js';
import type { Conversations } from './conversations.js';
import { conversationNotFound, messageDeleted } from './errors.js';
import { UNTITLED } from './title.js';

const PREFIX = 'Recovered: ';
const LONGEST_TITLE = 200;

/** What was recovered may be deleted again, and so on; an end to it, in case of a circle. */
const MOST_DELETIONS = 100;

/** The conversation, and if its owner deleted it, the one that keeps what came after that, and so on; the last one last. */
async function traceOf(conversations: Conversations, id: string, userId: string): Promise<Conversation[]> {
  const trace: Conversation[] = [];
  for (let next: string | null = id; next !== null;) {
    if (trace.length > MOST_DELETIONS) throw conversationNotFound(id);
    const conversation = await conversations.find(next);
    trace.push(conversation);
    next = conversation.wasDeletedBy(userId) ? conversation.recoveredInto : null;
  }
  return trace;
}

/** The conversation of this person that holds the message; where it is kept, if it was not known to who deleted that. */
export async function findWhereKept(conversations: Conversations, id: string, userId: string): Promise<Conversation> {
  return (await traceOf(conversations, id, userId)).at(-1)!.requireOwner(userId);
}

/**
 * The conversation of this person in which this message is stored: in the place of a deleted one another one, made now if
 * there is none. A message that came before the deletion went with it (`chat.message-deleted`).
 */
export async function findOrRecover(
  conversations: Conversations,
  id: string,
  userId: string,
  messageId: string,
): Promise<Conversation> {
  const trace = await traceOf(conversations, id, userId);
  const last = trace.at(-1)!;
  const deleted = last.wasDeletedBy(userId);
  const gone = deleted ? trace : trace.slice(0, -1);
  if ((deleted || !last.has(messageId)) && gone.some((one) => one.has(messageId))) throw messageDeleted(messageId);
  return deleted ? recovered(conversations, last, userId) : last.requireOwner(userId);
}

/** A new conversation in the place of that one, which is stored as such. */
export async function recovered(
  conversations: Conversations,
  deleted: Conversation,
  userId: string,
): Promise<Conversation> {
  // What it was called may be erased by now.
  const title = deleted.title || UNTITLED;
  const named = title.startsWith(PREFIX) ? title : `${PREFIX}${title}`.slice(0, LONGEST_TITLE).toWellFormed();
  const fresh = Conversation.start(newId(), userId, named);
  deleted.recoverInto(fresh.id);
  await conversations.save(deleted);
  return fresh;
}
