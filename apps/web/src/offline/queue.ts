import { v7 as newId } from 'uuid';
import type { ConversationSummary, ConversationView, MessageView } from '../api/views.js';
import type { BrowserRun } from '../engines/files/database.js';
import { type Change, offlineStore, type Queued } from './store.js';

export type { Change, Queued } from './store.js';

/** Everything of this person that waits, in the order in which it was done. */
export const loadQueue = async (ownerId: string): Promise<Queued[]> =>
  (await offlineStore()).getAllFromIndex('queue', 'ownerId', ownerId);

/** All of them or none. */
export async function enqueue(ownerId: string, conversationId: string, changes: readonly Change[]): Promise<void> {
  const { store, done } = (await offlineStore()).transaction('queue', 'readwrite');
  const madeAt = new Date().toISOString();
  for (const change of changes) {
    // The database gives the number.
    const fresh = { id: newId(), ownerId, conversationId, madeAt, change, refused: null };
    await store.add(fresh as unknown as Queued);
  }
  await done;
}

/** Changes it as it is stored now; what is not there any more stays away. */
export async function updateQueued(seq: number, next: (known: Queued) => Queued): Promise<void> {
  const { store } = (await offlineStore()).transaction('queue', 'readwrite');
  const known = await store.get(seq);
  if (known) await store.put(next(known));
}

type Question = Extract<Change, { kind: 'say' }>;

/** Puts another change in the place of a question that waits, or was refused. Rejects when it is not there any more. */
export async function changeQuestion(seq: number, next: (asked: Question) => Change): Promise<void> {
  const { store, done } = (await offlineStore()).transaction('queue', 'readwrite');
  const known = await store.get(seq);
  if (known?.change.kind !== 'say') throw new Error('This message was sent meanwhile.');
  await store.put({ ...known, change: next(known.change), refused: null });
  await done;
}

export const dropQueued = async (seq: number): Promise<void> => (await offlineStore()).delete('queue', seq);

/** Ids of messages that the server has once it took this. */
const makes = ({ change }: Queued): string[] => {
  if (change.kind === 'say') return [change.message.id];
  return change.kind === 'turn' ? [change.message.id, change.answer.id] : [];
};

/** Ids that it must have before. */
const needs = ({ change }: Queued): (string | null)[] => {
  if (change.kind === 'say') return [change.message.parentId];
  return change.kind === 'turn' ? [change.message.parentId, change.message.id] : [];
};

export const isUnfinished = ({ change }: Queued): boolean => change.kind === 'turn' && !change.ended;

/**
 * Whether the later one has to wait for the earlier one. A refused one holds back what follows it in the tree and nothing
 * else; a title or a deletion comes after all that was said before it.
 */
function holdsBack(earlier: Queued, later: Queued): boolean {
  if (earlier.conversationId !== later.conversationId) return false;
  if (earlier.change.kind === 'start') return true;
  if (later.change.kind === 'rename' || later.change.kind === 'delete') return earlier.refused === null;
  const made = makes(earlier);
  return needs(later).some((id) => id !== null && made.includes(id));
}

/** The first change that can be sent now. */
export function nextOf(queue: readonly Queued[]): Queued | undefined {
  return queue.find(
    (one, at) =>
      one.refused === null && !isUnfinished(one) && !queue.slice(0, at).some((earlier) => holdsBack(earlier, one)),
  );
}

/** The conversation as it is once all of this was sent; null: it is deleted. */
export function overlaid(conversation: ConversationView, queue: readonly Queued[]): ConversationView | null {
  const messages = new Map(conversation.messages.map((message) => [message.id, message]));
  let { title } = conversation;
  for (const { conversationId, change } of queue) {
    if (conversationId !== conversation.id) continue;
    if (change.kind === 'delete') return null;
    if (change.kind === 'rename') ({ title } = change);
    if (change.kind === 'say' || change.kind === 'turn') {
      title ||= titleOf(change.message);
      if (!messages.has(change.message.id)) messages.set(change.message.id, change.message);
    }
    // An answer that has its end here knows more than one that the server thinks is being written.
    if (change.kind === 'turn' && messages.get(change.answer.id)?.status !== 'complete')
      messages.set(change.answer.id, change.answer);
  }
  return { ...conversation, title, messages: [...messages.values()] };
}

/** The first page of the list as it is once all of this was sent. */
export function overlaidList(items: readonly ConversationSummary[], queue: readonly Queued[]): ConversationSummary[] {
  const listed = new Map(items.map((item) => [item.id, item]));
  for (const { conversationId, change, madeAt } of queue) {
    const known = listed.get(conversationId);
    if (change.kind === 'delete') listed.delete(conversationId);
    else if (change.kind === 'start' && !known) listed.set(conversationId, emptyConversation(conversationId, madeAt));
    else if (known && change.kind === 'rename') listed.set(conversationId, { ...known, title: change.title });
    else if (known && known.title === '' && 'message' in change)
      listed.set(conversationId, { ...known, title: titleOf(change.message) });
  }
  return [...listed.values()]
    .map(({ id, title, createdAt, updatedAt }) => ({ id, title, createdAt, updatedAt }))
    .toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt));
}

/** A conversation that began here. */
export const emptyConversation = (id: string, madeAt: string): ConversationView => ({
  ...{ id, title: '', createdAt: madeAt, updatedAt: madeAt },
  messages: [],
});

const titleOf = ({ text }: MessageView): string => text.trim().split('\n', 1)[0]!.slice(0, 60);

/** The answer of a turn that waits, as it is now. */
export async function saveTurn(
  answerId: string,
  run: BrowserRun,
  answer: Partial<MessageView>,
  ended: boolean,
): Promise<void> {
  const queue = await (await offlineStore()).getAll('queue');
  const turn = queue.find(({ change }) => change.kind === 'turn' && change.answer.id === answerId);
  if (!turn) return;
  await updateQueued(turn.seq, (known) =>
    known.change.kind === 'turn'
      ? { ...known, change: { ...known.change, run, ended, answer: { ...known.change.answer, ...answer } } }
      : known,
  );
}
