import { Problem } from '../api/problem.js';
import { api } from '../api/session.js';
import type { QueryCache } from '@tanstack/react-query';
import type { ConversationSummary, ConversationView, Page } from '../api/views.js';
import type { Queued } from './store.js';
import { isLocal } from '../browser/local-id.js';

/** Nobody answered, or somebody on the way said that the server does not: what is kept here may help. */
export const isAway = (error: unknown): boolean =>
  error instanceof Problem && (error.unreachable || (error.status >= 502 && error.status <= 504));

const copies = () => import('./copies.js');

function ownerId(): string | null {
  const session = api.session.get();
  // Without a service worker the page does not open anyway.
  return isSecureContext && session.status === 'signed-in' ? session.user.id : null;
}

/** What the server answers, and while it is away what it answered last. */
export async function orKept<T>(name: string, ask: () => Promise<T>): Promise<T> {
  const owner = ownerId();
  try {
    const answer = await ask();
    if (owner)
      void copies()
        .then(({ keepAnswer }) => keepAnswer(owner, name, answer))
        .catch(noRoom);
    return answer;
  } catch (error) {
    if (!owner || !isAway(error)) throw error;
    const kept = await (await copies()).loadAnswer(owner, name);
    if (kept === undefined) throw error;
    return kept as T;
  }
}

/** What waits to be sent; nothing where nobody is. */
const queued = async (owner: string | null): Promise<readonly Queued[]> =>
  owner === null ? [] : (await import('./queue.js')).loadQueue(owner).catch(() => []);

/** The conversation as the server tells it, or as it was seen here last; with what waits to be sent. */
export async function conversationOrKept(id: string, ask: () => Promise<ConversationView>): Promise<ConversationView> {
  const owner = ownerId();
  let base: ConversationView | null;
  let refusal: unknown;
  try {
    base = await ask();
  } catch (error) {
    const gone = error instanceof Problem && error.status === 404;
    if (!owner || !(gone || isAway(error))) throw error;
    refusal = error;
    base = gone ? null : await (await copies()).loadCopy(owner, id);
    if (gone)
      void copies()
        .then(({ dropCopy }) => dropCopy(id))
        .catch(noRoom);
  }
  // After the server was asked: what it took meanwhile is in its answer.
  const changes = (await queued(owner)).filter(({ conversationId }) => conversationId === id);
  if (changes.length === 0) {
    if (base) return base;
    throw refusal;
  }
  const { emptyConversation, overlaid } = await import('./queue.js');
  const shown = overlaid(base ?? emptyConversation(id, changes[0]!.madeAt), changes);
  if (!shown) throw new Problem(404, 'chat.conversation-not-found', 'It was deleted here.');
  return shown;
}

/** A page of the list, and while the server is away what can be read here; the first one with what waits to be sent. */
export async function listOrKept(
  { words, first }: { words: string; first: boolean },
  ask: () => Promise<Page<ConversationSummary>>,
): Promise<Page<ConversationSummary>> {
  const owner = ownerId();
  let page: Page<ConversationSummary>;
  try {
    page = await ask();
  } catch (error) {
    if (!owner || !isAway(error)) throw error;
    page = { items: await (await copies()).listCopies(owner, words), nextCursor: null };
  }
  const changes = first ? await queued(owner) : [];
  if (changes.length === 0) return page;
  const { overlaidList } = await import('./queue.js');
  const items = overlaidList(page.items, changes);
  const wanted = words.toLowerCase();
  const known = new Set(page.items.map(({ id }) => id));
  return { ...page, items: items.filter(({ id, title }) => known.has(id) || title.toLowerCase().includes(wanted)) };
}

/** Keeps each conversation that the page shows, as it is now. */
export function keepSeen(cache: QueryCache): () => void {
  return cache.subscribe(({ type, query }) => {
    const [kind, id] = query.queryKey as [string, string?];
    const owner = ownerId();
    const seen = query.state.data as ConversationView | undefined;
    if (type !== 'updated' || kind !== 'conversation' || !owner || !seen || !id || isLocal(id)) return;
    // A conversation that begins is nothing yet.
    if (seen.messages.length === 0 || seen === last.get(id)) return;
    last.set(id, seen);
    void copies()
      .then(({ keepCopy }) => keepCopy(owner, seen))
      .catch(noRoom);
  });
}
const last = new Map<string, ConversationView>();

/** Nobody is signed in any more. */
export function forgetKept(): void {
  last.clear();
  void copies()
    .then(({ forgetCopies }) => forgetCopies())
    .catch(noRoom);
}

/** Storage that is full or blocked: there is less to read without the server, and nothing else is wrong. */
const noRoom = () => undefined;
