import type { Sampler } from '../engines/engine.js';
import type { BrowserRun } from '../engines/files/database.js';
import { type AnsweringModel, labelOf } from './browser-models.js';

/** What is known of an answer before its first token: what is left of it if its tab goes away. */
export function unfinishedRun(answering: AnsweringModel, sampler: Sampler): BrowserRun {
  const { runtime, digest, adapter } = answering;
  const now = new Date().toISOString();
  return {
    ...{ runtime, model: labelOf(answering), modelDigest: digest, sampler },
    adapterDigests: adapter ? [adapter.digest] : [],
    ...{ promptTokens: 0, completionTokens: 0, timeToFirstTokenMs: null, tokensPerSecond: null },
    ...{ finishReason: 'stopped', startedAt: now, finishedAt: now },
  };
}
