import type { StoredEvent } from '@app/persistence';
import { UserSignedIn, UserSignedUp } from '../../auth/contracts/index.js';
import { type BrowserRun, BrowserUsageRecorded } from '../../chat/contracts/index.js';
import { InstallFailed, ModelInstalled } from '../../explore/contracts/index.js';
import {
  type AnswerMetadata,
  type CompletionRecord,
  CompletionsRecorded,
  type FinalStatus,
  GenerationFinished,
} from '../../inference/contracts/index.js';
import type { UsageSource } from '../contracts/index.js';
import { boundOf } from './buckets.js';

/** One row of each table, to be added to what it holds. */
export interface AnswerCount {
  day: string;
  source: UsageSource;
  user_id: string;
  model: string;
  complete: number;
  stopped: number;
  failed: number;
  prompt_tokens: number;
  completion_tokens: number;
}
export interface LatencyCount {
  day: string;
  source: UsageSource;
  model: string;
  below_ms: number;
  answers: number;
}
export interface HappeningCount {
  day: string;
  kind: string;
  count: number;
}
export interface Counts {
  answers: AnswerCount[];
  latencies: LatencyCount[];
  happenings: HappeningCount[];
}

const kinds: Record<string, string> = {
  [UserSignedIn.type]: 'sign-in',
  [UserSignedUp.type]: 'sign-up',
  [ModelInstalled.type]: 'install',
  [InstallFailed.type]: 'failed-install',
};

export const countedTypes: readonly string[] = [
  GenerationFinished.type,
  BrowserUsageRecorded.type,
  CompletionsRecorded.type,
  ...Object.keys(kinds),
];

/** Adds up what these events say, a row for each place that they change. */
export function countEvents(events: readonly StoredEvent[]): Counts {
  const answers = new Map<string, AnswerCount>();
  const latencies = new Map<string, LatencyCount>();
  const happenings = new Map<string, HappeningCount>();
  for (const { type, data, metadata, occurredAt } of events) {
    const day = occurredAt.toISOString().slice(0, 10);
    const kind = kinds[type];
    if (kind) {
      at(happenings, [day, kind], { day, kind, count: 0 }).count += 1;
      continue;
    }
    for (const { source, user_id, model, status, promptTokens, completionTokens, waited } of answersOf(
      type,
      data,
      metadata,
    )) {
      const none = { complete: 0, stopped: 0, failed: 0, prompt_tokens: 0, completion_tokens: 0 };
      const row = at(answers, [day, source, user_id, model], { day, source, user_id, model, ...none });
      row[status] += 1;
      row.prompt_tokens += promptTokens;
      row.completion_tokens += completionTokens;
      if (waited === null) continue;
      const below_ms = boundOf(waited);
      const key = [day, source, model, String(below_ms)];
      at(latencies, key, { day, source, model, below_ms, answers: 0 }).answers += 1;
    }
  }
  return { answers: [...answers.values()], latencies: [...latencies.values()], happenings: [...happenings.values()] };
}

interface Answer {
  source: UsageSource;
  user_id: string;
  model: string;
  status: FinalStatus;
  promptTokens: number;
  completionTokens: number;
  /** Milliseconds to the first token. */
  waited: number | null;
}

function answersOf(type: string, data: unknown, { actor }: StoredEvent['metadata']): Answer[] {
  const user_id = actor?.userId ?? 'system';
  switch (type) {
    case CompletionsRecorded.type:
      return CompletionsRecorded.schema.parse(data).completions.map(ofApi);
    case BrowserUsageRecorded.type: {
      const { status, run } = BrowserUsageRecorded.schema.parse(data);
      return [inConversation(user_id, status, run)];
    }
    default: {
      const { status, metadata } = GenerationFinished.schema.parse(data);
      return [inConversation(user_id, status, metadata)];
    }
  }
}

/** An answer that a browser made counts as any other. */
const inConversation = (user_id: string, status: FinalStatus, run: AnswerMetadata | BrowserRun | null): Answer => ({
  source: 'chat',
  user_id,
  model: run?.model ?? 'unknown',
  status,
  promptTokens: run?.promptTokens ?? 0,
  completionTokens: run?.completionTokens ?? 0,
  waited: run?.timeToFirstTokenMs ?? null,
});

const ofApi = ({ userId, timeToFirstTokenMs, ...rest }: CompletionRecord): Answer => ({
  ...rest,
  source: 'api',
  user_id: userId ?? 'system',
  waited: timeToFirstTokenMs,
});

function at<T>(rows: Map<string, T>, key: readonly string[], empty: T): T {
  const name = JSON.stringify(key);
  const row = rows.get(name) ?? empty;
  rows.set(name, row);
  return row;
}
