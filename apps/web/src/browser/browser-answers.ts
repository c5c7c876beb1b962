import { useSyncExternalStore } from 'react';
import { v7 as newId } from 'uuid';
import { adaptersFor } from '../adapters/queries.js';
import { fileOf } from '../adapters/views.js';
import { messageOf } from '../api/problem.js';
import { noteFinished, queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import { Store } from '../api/store.js';
import type { AnswerMetadata, GenerationPhase, MessageView } from '../api/views.js';
import { conversationChanged, putMessages, refreshConversation } from '../chat/cache.js';
import { chooseMessage } from '../chat/choices.js';
import { isAway } from '../offline/away.js';
import { waitsIn } from '../offline/waiting.js';
import { loadPart } from '../lib/load.js';
import { local } from '../lib/storage.js';
import { type AnsweringModel, type BrowserModel, browserModelsQuery, labelOf } from './browser-models.js';
import { samplerFor } from './browser-sampler.js';
import { isLocal } from './local-id.js';

/** An answer that this tab makes. */
export interface RunningAnswer {
  text: string;
  phase: GenerationPhase | null;
  stop(): void;
}

const running = new Store<ReadonlyMap<string, RunningAnswer>>(new Map());

const change = (id: string, next: Partial<RunningAnswer> | null) =>
  running.update((all) => {
    const changed = new Map(all);
    const known = all.get(id);
    if (next === null) changed.delete(id);
    else if (known) changed.set(id, { ...known, ...next });
    return changed;
  });

/** null: this tab does not make it. */
export function useRunningAnswer(id: string): RunningAnswer | null {
  return useSyncExternalStore(running.subscribe, running.get).get(id) ?? null;
}

/** False: another tab makes it, or nobody any more. */
export function stopBrowserAnswer(id: string): boolean {
  const answer = running.get().get(id);
  answer?.stop();
  return answer !== undefined;
}

interface Begun {
  message: MessageView;
  answer: MessageView;
  prompt: { role: 'system' | 'user' | 'assistant'; content: string }[];
}

export async function browserModel(id: string): Promise<BrowserModel> {
  const models = await queryClient.ensureQueryData(browserModelsQuery);
  const model = models.find((candidate) => candidate.id === id);
  if (!model) throw new Error('This model is not here any more.');
  return model;
}

/** What answers, of what was chosen. */
async function answering({ model: id, adapter: adapterId }: BrowserChoice): Promise<AnsweringModel> {
  const model = await browserModel(id);
  if (adapterId === null) return { ...model, adapter: null };
  const adapters = await queryClient.ensureQueryData(adaptersFor({ digest: model.digest, encoding: 'mediapipe' }));
  const adapter = adapters.find((candidate) => candidate.id === adapterId);
  const file = adapter && fileOf(adapter, 'mediapipe');
  if (!file) throw new Error('This adapter is not here any more.');
  return { ...model, adapter: { id: adapterId, name: adapter.name, digest: file.sha256, sizeBytes: file.sizeBytes } };
}

/** By their ids. */
export interface BrowserChoice {
  model: string;
  adapter: string | null;
}

/**
 * Tells the server that this browser answers, to a new message or to one that is there, and begins. Resolves when the
 * server knows; the answer goes on by itself. `away`: the server is told later (`starts`: of the conversation as well;
 * `replaces`: the question stands in the queue under that number already).
 */
export async function beginBrowserAnswer(
  conversationId: string,
  question: { message: { id: string; text: string; parentId: string | null } } | { parentId: string },
  choice: BrowserChoice,
  away?: { starts: boolean; replaces?: number },
): Promise<Begun> {
  const model = await answering(choice);
  // Asked for on a click, as browsers want it; a no means only that the browser may clear files by itself.
  void navigator.storage?.persist?.();
  const message = 'message' in question ? question.message : null;
  const parentId = 'message' in question ? question.message.id : question.parentId;
  if (isLocal(conversationId)) {
    const { beginLocalAnswer } = await loadPart(() => import('./local-answers.js'));
    const asked = message
      ? { message: { ...message, conversationId, ...told, createdAt: new Date().toISOString() } }
      : { parentId };
    const begun = await beginLocalAnswer(conversationId, ownerId(), asked, labelOf(model));
    void run(begun, model, message === null);
    return begun;
  }
  const answerId = message ? answerIdFor(message.id) : newId();
  if (away) {
    const { beginOfflineTurn } = await loadPart(() => import('../offline/begin-turn.js'));
    const sampler = samplerFor({ retry: message === null });
    const begun = await beginOfflineTurn({ conversationId, answerId, question, model, sampler, ...away });
    void run(begun, model, message === null, true);
    return begun;
  }
  const begun = await api.json<Begun>(
    'POST',
    `/api/conversations/${encodeURIComponent(conversationId)}/browser-answers`,
    {
      body: { messageId: answerId, message, parentId, model: labelOf(model) },
    },
  );
  if (begun.answer.status === 'pending') void run(begun, model, message === null);
  return begun;
}

/** What is said is whole at once. */
const told = {
  role: 'user',
  status: 'complete',
  runsIn: 'server',
  model: null,
  error: null,
  metadata: null,
} as const;

function ownerId(): string {
  const session = api.session.get();
  if (session.status !== 'signed-in') throw new Error('Nobody is signed in.');
  return session.user.id;
}

/** A message that is sent again asks for the same answer again. */
const answerIds = new Map<string, string>();
function answerIdFor(messageId: string): string {
  const known = answerIds.get(messageId) ?? newId();
  answerIds.set(messageId, known);
  return known;
}

async function run({ answer, prompt }: Begun, model: AnsweringModel, retry: boolean, queued = false): Promise<void> {
  const { id: answerId, conversationId } = answer;
  if (running.get().has(answerId)) return;
  const stop = new AbortController();
  const state: RunningAnswer = { text: '', phase: { phase: 'loading', progress: 0 }, stop: () => stop.abort() };
  running.update((all) => new Map(all).set(answerId, state));
  // Tells the next page of this browser to look for what was left.
  local.set('browser.drafts', 'yes');
  try {
    const { runAnswer } = await loadPart(() => import('./run-answer.js'));
    const {
      text,
      run: facts,
      end,
    } = await runAnswer({
      ...{ answerId, conversationId, model, sampler: samplerFor({ retry }), prompt, queued, signal: stop.signal },
      onPhase: (phase) => change(answerId, { phase }),
      onText: (written) => change(answerId, { text: written, phase: { phase: 'generating' } }),
    });
    const { runtime, startedAt, finishedAt, ...counts } = facts;
    const metadata: AnswerMetadata = {
      ...{ engine: 'browser', ...counts, cachedPromptTokens: 0, continuations: 0, continuationMode: 'none' },
      browser: { runtime, startedAt, finishedAt },
    };
    const final: MessageView = { ...answer, text, ...end, metadata };
    noteFinished(final);
    await putMessages(conversationId, [final]);
  } catch (error) {
    // The code of the engine did not come: the answer stays to be stopped and tried again.
    const failed = { code: 'engine.unavailable', message: messageOf(error) };
    await putMessages(conversationId, [{ ...answer, status: 'failed', error: failed }]);
  } finally {
    change(answerId, null);
    conversationChanged(conversationId);
  }
}

export async function retryInBrowser(answer: MessageView, choice: BrowserChoice): Promise<void> {
  const { conversationId } = answer;
  const question = { parentId: answer.parentId! };
  const later = () => beginBrowserAnswer(conversationId, question, choice, { starts: false });
  const begun = waitsIn(conversationId)
    ? await later()
    : await beginBrowserAnswer(conversationId, question, choice).catch((error: unknown) => {
        if (isLocal(conversationId) || !isAway(error)) throw error;
        return later();
      });
  await putMessages(answer.conversationId, [begun.answer]);
  chooseMessage(begun.answer);
  conversationChanged(answer.conversationId);
}

/** What a page that went away left unfinished becomes a stopped answer with the text that was there. */
export async function recoverAnswers(): Promise<void> {
  if (local.get('browser.drafts') === null) return;
  const { recoverDrafts } = await loadPart(() => import('./deliver-draft.js'));
  for (const id of await recoverDrafts()) await refreshConversation(id);
}
