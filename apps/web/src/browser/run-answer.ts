import type { GenerationPhase } from '../api/views.js';
import type { ChatMessage, Sampler } from '../engines/engine.js';
import { EngineError } from '../engines/errors.js';
import { browserFiles } from '../engines/files/browser-files.js';
import type { Draft } from '../engines/files/database.js';
import { ready } from '../engines/loaded-engine.js';
import type { AnsweringModel } from './browser-models.js';
import { type AnswerSaver, LocalAnswerSaver, QueuedAnswerSaver, SharedAnswerSaver } from './answer-savers.js';
import { unfinishedRun } from './unfinished-run.js';
import { answerLock } from './deliver-draft.js';
import { isLocal } from './local-id.js';
import { wantedAdapter, wantedModel } from './model-files.js';

export interface AnswerJob {
  answerId: string;
  conversationId: string;
  model: AnsweringModel;
  sampler: Sampler;
  prompt: readonly ChatMessage[];
  /** It belongs to a turn that waits to be sent: the server does not know of it. */
  queued: boolean;
  signal: AbortSignal;
  onPhase(phase: GenerationPhase): void;
  onText(text: string): void;
}

export type AnswerEnd = Pick<Draft, 'text' | 'run'> & { end: NonNullable<Draft['end']> };

/** Makes the answer in this browser, saves it while it grows, and tells the server its end. Never rejects. */
export async function runAnswer(job: AnswerJob): Promise<AnswerEnd> {
  return await navigator.locks.request(answerLock(job.answerId), async () => {
    const { model, answerId, conversationId } = job;
    const run = unfinishedRun(model, job.sampler);
    const local = isLocal(conversationId);
    const draft: Draft = { answerId, conversationId: local ? null : conversationId, text: '', end: null, run };
    const saver = job.queued
      ? new QueuedAnswerSaver(draft)
      : new (local ? LocalAnswerSaver : SharedAnswerSaver)(draft, conversationId);
    let end: AnswerEnd['end'];
    try {
      await saver.begin();
      const status = await write(job, draft, saver);
      end = { status, error: null };
    } catch (error) {
      end = job.signal.aborted ? { status: 'stopped', error: null } : { status: 'failed', error: told(error) };
      run.finishReason = job.signal.aborted ? 'stopped' : 'error';
    }
    run.finishedAt = new Date().toISOString();
    draft.end = end;
    await saver.finish();
    return { text: draft.text, run, end };
  });
}

async function write(job: AnswerJob, draft: Draft, saver: AnswerSaver): Promise<'complete' | 'stopped'> {
  const { model, sampler, prompt, signal, onPhase } = job;
  const { run } = draft;
  const started = performance.now();
  const engine = await ready({ ...model, adapterDigest: model.adapter?.digest ?? null }, filesOf(job), {
    ...{ sampler, signal },
    onProgress: (progress) => onPhase({ phase: 'loading', progress: 0.5 + progress / 2 }),
  });
  onPhase({ phase: 'generating' });
  let first = 0;
  for await (const event of engine.generate(
    { messages: prompt, sampler, adapter: model.adapter?.digest ?? null },
    signal,
  )) {
    if (event.type === 'loading') onPhase({ phase: 'loading', progress: event.progress });
    else if (event.type === 'prompt') {
      run.promptTokens = event.promptTokens;
      onPhase({ phase: 'generating' });
    } else if (event.type === 'token') {
      if (first === 0) {
        first = performance.now();
        run.timeToFirstTokenMs = Math.round(first - started);
      }
      // At least so many; the end knows it exactly.
      run.completionTokens += 1;
      draft.text += event.text;
      job.onText(draft.text);
      saver.grown();
    } else {
      const seconds = (performance.now() - first) / 1000;
      const { promptTokens, completionTokens, reason } = event;
      Object.assign(run, { promptTokens, completionTokens, finishReason: reason, sampler: event.sampler });
      if (first > 0 && seconds > 0) run.tokensPerSecond = Math.round((completionTokens / seconds) * 10) / 10;
      return reason === 'stopped' ? 'stopped' : 'complete';
    }
  }
  throw new EngineError('engine.crashed', 'no end');
}

function filesOf({ model, signal, onPhase }: AnswerJob) {
  const { adapter, sizeBytes } = model;
  const onProgress = (received: number) => onPhase({ phase: 'loading', progress: received / sizeBytes / 2 });
  return {
    model: () => browserFiles.fetch(wantedModel(model, signal), { signal, onProgress }),
    adapter: () => browserFiles.fetch(wantedAdapter(model, adapter!, signal), { signal }),
  };
}

const told = (error: unknown) =>
  error instanceof EngineError
    ? { code: error.code as string, message: error.message }
    : { code: 'engine.crashed', message: error instanceof Error ? error.message : 'The model stopped unexpectedly.' };
