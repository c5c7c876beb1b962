import { Problem } from '../api/problem.js';
import { conversationQuery, queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import type { SentMessage } from '../api/views.js';
import { answerLock, recoverDrafts } from '../browser/deliver-draft.js';
import { conversationChanged, putMessages, refreshConversation, refreshConversations } from '../chat/cache.js';
import { signAnswer } from '../engines/proof.js';
import { conversationPath, navigate } from '../lib/router.js';
import { local } from '../lib/storage.js';
import { tellTabs } from '../lib/tabs.js';
import { toast } from '../ui/toast.js';
import { enqueue, isUnfinished, loadQueue, updateQueued } from './queue.js';
import { sendQueue } from './send-queue.js';
import type { Change, Queued } from './store.js';
import { waiting } from './waiting.js';

const LONGEST_WAIT_MS = 60_000;
/** The tab that makes an answer holds its lock soon after it was asked for. */
const BEGINS_WITHIN_MS = 10_000;

function owner(): string | null {
  const session = api.session.get();
  return session.status === 'signed-in' ? session.user.id : null;
}

/** Shows what waits, as it is stored now. */
export async function readWaiting(): Promise<void> {
  const ownerId = owner();
  const queue = ownerId === null ? [] : await loadQueue(ownerId);
  if (owner() === ownerId) waiting.set(queue);
}

/** Stores it, to be sent when the server answers. */
export async function leave(conversationId: string, changes: readonly Change[]): Promise<void> {
  const ownerId = owner();
  if (ownerId === null) throw new Error('Nobody is signed in.');
  await enqueue(ownerId, conversationId, changes);
  await changed();
  if (api.reachable.get()) void sendWaiting();
}

/** Other tabs and this one show what waits now. */
export async function changed(): Promise<void> {
  await readWaiting();
  tellTabs({ type: 'queue-changed' });
}

const QUEUE_LOCK = 'parley.queue';
/** A request that hangs is not waited for longer. */
const BUSY_MS = 5000;

/** What is changed is not on its way to the server at that moment. Rejects when it is, for long. */
export async function whileNothingIsSent(change: () => Promise<void>): Promise<void> {
  const signal = AbortSignal.timeout(BUSY_MS);
  try {
    await navigator.locks.request(QUEUE_LOCK, { signal }, change);
  } catch (error) {
    if (error !== signal.reason) throw error;
    throw new Error('This message is being sent just now.', { cause: error });
  }
}

/** As `change` says; then it is sent if it can be. */
export async function changeWaiting(change: () => Promise<void>): Promise<void> {
  await change();
  await changed();
  await queryClient.invalidateQueries({ queryKey: ['conversation'] });
  await refreshConversations();
  void sendWaiting();
}

let failures = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** One tab sends at a time. What cannot be sent now is tried again, later each time. Never rejects. */
export async function sendWaiting(): Promise<void> {
  clearTimeout(timer);
  const ownerId = owner();
  if (ownerId === null) return;
  try {
    await endAbandoned(ownerId);
    // The ends of answers that the server knows of: others may follow them.
    if (local.get('browser.drafts') !== null) for (const id of await recoverDrafts()) await refreshConversation(id);
    await readWaiting();
    if (waiting.get().length === 0) return;
    await navigator.locks.request(QUEUE_LOCK, async () => {
      const touched = new Set<string>();
      try {
        await sendQueue(ownerId, {
          request: (method, path, body) => api.json(method, path, { body }),
          sign: signAnswer,
          settled: (queued, sent) => settle(queued, sent, touched),
        });
      } finally {
        // Its copy here learns what the queue does not hold any more.
        for (const id of touched) {
          await queryClient.fetchQuery({ ...conversationQuery(id), staleTime: 0 }).catch(() => undefined);
          conversationChanged(id);
        }
        await changed();
      }
    });
    failures = 0;
  } catch (error) {
    failures += 1;
    const asked = error instanceof Problem ? (error.retryAfterMs ?? 0) : 0;
    const delay = Math.max(asked, Math.min(LONGEST_WAIT_MS, 1000 * 2 ** failures) * (0.75 + Math.random() / 2));
    if (owner() === ownerId) timer = setTimeout(() => void sendWaiting(), delay);
  }
}

async function settle(queued: Queued, sent: SentMessage | null, touched: Set<string>): Promise<void> {
  const { conversationId, change } = queued;
  if (change.kind === 'delete') return refreshConversations();
  if (change.kind === 'rename') touched.add(conversationId);
  if (!sent) return;
  const { message, answer } = sent;
  touched.add(message.conversationId);
  if (message.conversationId === conversationId) return putMessages(conversationId, [message, answer]);
  toast('That conversation was deleted elsewhere. What you wrote is kept in a new one.');
  if (location.pathname === conversationPath(conversationId))
    navigate(conversationPath(message.conversationId), { replace: true });
}

/** Answers whose tab went away in the middle are stopped with what there is of them. */
async function endAbandoned(ownerId: string): Promise<void> {
  for (const one of await loadQueue(ownerId)) {
    const { change, madeAt } = one;
    if (change.kind !== 'turn' || !isUnfinished(one)) continue;
    const age = Date.now() - Date.parse(madeAt);
    if (age >= 0 && age < BEGINS_WITHIN_MS) {
      setTimeout(() => void sendWaiting(), BEGINS_WITHIN_MS - age);
      continue;
    }
    await navigator.locks.request(answerLock(change.answer.id), { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      await updateQueued(one.seq, (known) => {
        if (known.change.kind !== 'turn' || known.change.ended) return known;
        const answer = { ...known.change.answer, status: 'stopped' as const };
        return { ...known, change: { ...known.change, answer, ended: true } };
      });
      conversationChanged(one.conversationId, { here: true });
    });
  }
}
