import type { ConversationSummary, ConversationView } from '../api/views.js';
import { offlineStore } from './store.js';

/** How many conversations are kept, and how long (in characters of JSON) one may be. */
const MOST = 100;
const LONGEST = 2_000_000;

/** Of what was kept last, so that two of one millisecond have an order. */
let lastKeptAt = 0;

/** Keeps what the server said of a conversation; those that were kept longest ago make room. */
export async function keepCopy(ownerId: string, conversation: ConversationView): Promise<void> {
  const { store } = (await offlineStore()).transaction('copies', 'readwrite');
  const { id } = conversation;
  if (JSON.stringify(conversation).length > LONGEST) return store.delete(id);
  lastKeptAt = Math.max(Date.now(), lastKeptAt + 1);
  await store.put({ id, ownerId, keptAt: lastKeptAt, conversation });
  const tooMany = (await store.count()) - MOST;
  if (tooMany <= 0) return;
  let cursor = await store.index('keptAt').openCursor();
  for (let left = tooMany; cursor && left > 0; left -= 1) {
    await cursor.delete();
    cursor = await cursor.continue();
  }
}

export const dropCopy = async (id: string): Promise<void> => (await offlineStore()).delete('copies', id);

export async function loadCopy(ownerId: string, id: string): Promise<ConversationView | null> {
  const copy = await (await offlineStore()).get('copies', id);
  return copy?.ownerId === ownerId ? copy.conversation : null;
}

/** Those whose title or messages hold the words, newest first. */
export async function listCopies(ownerId: string, words: string): Promise<ConversationSummary[]> {
  const wanted = words.toLowerCase();
  const copies = await (await offlineStore()).getAll('copies');
  return copies
    .filter((copy) => copy.ownerId === ownerId)
    .map(({ conversation }) => conversation)
    .filter(({ title, messages }) => [title, ...messages.map(({ text }) => text)].some((text) => holds(text, wanted)))
    .map(({ messages: _, ...summary }) => summary)
    .toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt));
}

const holds = (text: string, words: string) => text.toLowerCase().includes(words);

export const keepAnswer = async (ownerId: string, name: string, answer: unknown): Promise<unknown> =>
  (await offlineStore()).put('answers', answer, `${ownerId}:${name}`);

export const loadAnswer = async (ownerId: string, name: string): Promise<unknown> =>
  (await offlineStore()).get('answers', `${ownerId}:${name}`);

/** Nobody is signed in any more: what the last person saw must not be here for the next one. */
export async function forgetCopies(): Promise<void> {
  const work = (await offlineStore()).transaction(['copies', 'answers'], 'readwrite');
  await Promise.all([work.objectStore('copies').clear(), work.objectStore('answers').clear(), work.done]);
}
