import type { StoredEvent } from '@app/persistence';
import { UserSignedIn, UserSignedUp } from '../../auth/contracts/index.js';
import { type BrowserRun, BrowserUsageRecorded } from '../../chat/contracts/index.js';
import { InstallFailed, ModelInstalled } from '../../explore/contracts/index.js';
import { type FinalStatus, GenerationFinished } from '../../inference/contracts/index.js';
import { boundOf } from './buckets.js';

/** One row of each table, to be added to what it holds. */
export interface AnswerCount {
  day: string;
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
    const finished = type === BrowserUsageRecorded.type ? ofBrowser(data) : GenerationFinished.schema.parse(data);
    const model = finished.metadata?.model ?? 'unknown';
    const user_id = metadata.actor?.userId ?? 'system';
    const none = { complete: 0, stopped: 0, failed: 0, prompt_tokens: 0, completion_tokens: 0 };
    const row = at(answers, [day, user_id, model], { day, user_id, model, ...none });
    row[finished.status] += 1;
    row.prompt_tokens += finished.metadata?.promptTokens ?? 0;
    row.completion_tokens += finished.metadata?.completionTokens ?? 0;
    const waited = finished.metadata?.timeToFirstTokenMs ?? null;
    if (waited === null) continue;
    const below_ms = boundOf(waited);
    at(latencies, [day, model, String(below_ms)], { day, model, below_ms, answers: 0 }).answers += 1;
  }
  return { answers: [...answers.values()], latencies: [...latencies.values()], happenings: [...happenings.values()] };
}

/** An answer that a browser made counts as any other. */
function ofBrowser(data: unknown): { status: FinalStatus; metadata: BrowserRun } {
  const { status, run } = BrowserUsageRecorded.schema.parse(data);
  return { status, metadata: run };
}

function at<T>(rows: Map<string, T>, key: readonly string[], empty: T): T {
  const name = JSON.stringify(key);
  const row = rows.get(name) ?? empty;
  rows.set(name, row);
  return row;
}
