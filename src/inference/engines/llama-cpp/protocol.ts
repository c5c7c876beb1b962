import type { ErrorJson } from '@app/kernel';
import type { AdapterUse, ChatMessage, EngineEvent, GenerateRequest } from '../../domain/engine.js';

/** Given to the child when it starts. */
export interface ChildSettings {
  /** Threads that evaluate; more than there are free cores is far slower. */
  threads: number;
  /** Use a GPU if the installed binaries have one. */
  gpu: boolean;
}

/** What the child does; each ends in one `done` or `failed`. */
export type Job =
  | { type: 'load'; model: string; contextTokens: number; sequences: number }
  | { type: 'unload'; model: string }
  /** Contexts of a loaded model with these adapters, which `generate` with the same ones then uses. */
  | { type: 'open'; model: string; adapters: AdapterUse[] }
  | { type: 'close'; model: string; adapters: AdapterUse[] }
  | { type: 'generate'; model: string; request: Omit<GenerateRequest, 'model'> }
  | { type: 'embed'; model: string; texts: string[] }
  | { type: 'count'; model: string; messages: ChatMessage[] };

/** What the jobs answer in `done`. */
export interface JobResults {
  load: { contextTokens: number };
  unload: null;
  open: null;
  close: null;
  generate: null;
  embed: number[][];
  count: number;
}

export type ToChild = { type: 'job'; id: number; job: Job } | { type: 'cancel'; id: number } | { type: 'ping' };

export type JobEvent =
  | { id: number; event: EngineEvent }
  | { id: number; done: JobResults[keyof JobResults] }
  | { id: number; failed: ErrorJson };

/** `steps` counts what the native library has finished: it stands still when that hangs. */
export interface FromChild {
  steps: number;
  events: JobEvent[];
}
