import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { DomainError } from '@app/kernel';
import type { GenerationEvent, GenerationPhase } from '../contracts/index.js';
import { CompactedLogs } from '../persistence/compacted-logs.js';
import { GenerationChunks, type LogEntry, type NewEntry } from '../persistence/generation-chunks.js';
import { Generations } from '../persistence/generations.js';
import { LogWriter } from './log-writer.js';
import { type FinalState, Tail } from './tail.js';

/** How often a reader asks for the log of a generation that another process writes, while it runs and while it waits. */
const POLL_RUNNING_MS = 25;
const POLL_WAITING_MS = 250;
/** A generation that nobody knows within this time will not come any more. */
const APPEARS_WITHIN_MS = 30_000;
const PAGE = 500;
const RETRIES = 5;

/**
 * The generation log: all writers of this process share one group commit, and nothing reaches a reader that is not
 * stored. Readers follow by sequence number; any number of them costs one generation and, on another replica, one poll.
 */
@Injectable()
export class GenerationLog {
  readonly #tails = new Map<string, Tail>();
  readonly #writers = new Map<string, LogWriter>();
  readonly #dirty = new Set<LogWriter>();
  #committing = false;
  #timer: NodeJS.Timeout | null = null;
  #lastCommit = 0;

  constructor(
    private readonly chunks: GenerationChunks,
    private readonly compacted: CompactedLogs,
    private readonly generations: Generations,
    private readonly config: Config,
  ) {}

  // --- writing

  open(generationId: string, epoch: number, lastSequence: number, firstTokenAt: Date | null): LogWriter {
    const writer: LogWriter = new LogWriter(generationId, epoch, lastSequence, firstTokenAt, (urgent) => {
      this.#dirty.add(writer);
      this.#schedule(urgent);
    });
    const tail = this.#tail(generationId);
    tail.local = true;
    tail.restartAfter(lastSequence);
    this.#writers.set(generationId, writer);
    tail.wake();
    return writer;
  }

  /** Shown to readers here at once; the caller stores it for the others. */
  showPhase(generationId: string, phase: GenerationPhase): void {
    const tail = this.#tails.get(generationId);
    if (!tail) return;
    tail.phase = phase;
    tail.wake();
  }

  /** The writer is done: with the final state, or (null) because another process goes on. */
  close(writer: LogWriter, final: FinalState | null): void {
    if (this.#writers.get(writer.generationId) !== writer) return;
    this.#writers.delete(writer.generationId);
    this.#dirty.delete(writer);
    const tail = this.#tail(writer.generationId);
    tail.local = false;
    tail.final = final;
    tail.wake();
    this.#dropIfUnused(writer.generationId, tail);
  }

  /** Whether a worker of this process writes it. */
  isWritten(generationId: string): boolean {
    return this.#writers.has(generationId);
  }

  /** There is something new to read for those who follow it here. */
  look(generationId: string): void {
    this.#tails.get(generationId)?.wake();
  }

  /** Asks the local writer, if it is here. */
  requestStop(generationId: string): void {
    this.#writers.get(generationId)?.requestStop();
  }

  #schedule(urgent: boolean): void {
    if (this.#committing) return;
    const interval = this.config.inference.groupCommitMs;
    const wait = this.#lastCommit + interval - performance.now();
    // A little early is no reason to wait: tokens that an engine has gathered for as long come just about then.
    if (urgent || wait <= interval / 8) {
      if (this.#timer) clearTimeout(this.#timer);
      this.#timer = null;
      this.#committing = true;
      // After this tick, so that tokens of several sequences that came together are stored together.
      queueMicrotask(() => void this.#commit());
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#schedule(true);
      }, wait);
    }
  }

  async #commit(): Promise<void> {
    const writers = [...this.#dirty];
    this.#dirty.clear();
    const entries = writers.flatMap((writer) => writer.take());
    if (entries.length > 0) {
      this.#lastCommit = performance.now();
      await this.#store(writers, entries);
    }
    this.#committing = false;
    if (this.#dirty.size > 0) this.#schedule([...this.#dirty].some((writer) => writer.firstTokenAt === null));
  }

  async #store(writers: LogWriter[], entries: NewEntry[]): Promise<void> {
    let stored;
    try {
      stored = await this.#appendWithRetries(entries);
    } catch {
      // The workers see that they lost their generation; its delivery comes again and continues from the log.
      for (const writer of writers) writer.refused();
      return;
    }
    const kept = new Map(stored.map((row) => [`${row.generationId} ${row.sequence}`, row]));
    for (const writer of writers) {
      const own = entries.filter((entry) => entry.generationId === writer.generationId);
      const rows = own.map((entry) => kept.get(`${entry.generationId} ${entry.sequence}`));
      if (rows.some((row) => !row)) {
        writer.refused();
        continue;
      }
      const tail = this.#tail(writer.generationId);
      for (const entry of own) tail.push(entry);
      writer.stored(rows.some((row) => row?.stopRequested));
      tail.wake();
    }
  }

  async #appendWithRetries(entries: NewEntry[]) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.chunks.append(entries);
      } catch (error) {
        if (attempt >= RETRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20 * 2 ** attempt));
      }
    }
  }

  // --- reading

  /** @param fresh the generation was asked for just now, so a first look at the log would only be in its worker's way */
  async *follow(
    generationId: string,
    after: number,
    signal: AbortSignal,
    fresh = false,
  ): AsyncGenerator<GenerationEvent> {
    const tail = this.#tail(generationId);
    tail.readers++;
    if (!tail.polled) void this.#poll(generationId, tail, fresh);
    let last = after;
    let shown: string | null = null;
    try {
      while (!signal.aborted) {
        if (last + 1 < tail.first) {
          const missed = await this.#missed(generationId, last, tail.first - 1);
          if (missed.length === 0) throw gone(generationId);
          for (const entry of missed) {
            last = entry.sequence;
            yield toEvent(entry);
          }
        } else if (last < tail.last) {
          const entry = tail.entries[last + 1 - tail.first]!;
          last = entry.sequence;
          yield toEvent(entry);
        } else if (tail.final) {
          yield { type: 'done', sequence: Math.max(last, tail.last) + 1, ...tail.final };
          return;
        } else if (tail.phase && JSON.stringify(tail.phase) !== shown) {
          shown = JSON.stringify(tail.phase);
          yield { type: 'status', status: tail.phase };
        } else {
          await tail.changed(signal);
        }
        if (tail.failure) throw tail.failure;
      }
    } finally {
      tail.readers--;
      tail.wake();
      this.#dropIfUnused(generationId, tail);
    }
  }

  /** From the log, or from what became of it when the answer had ended for some time. */
  async #missed(generationId: string, after: number, through: number): Promise<LogEntry[]> {
    const entries = await this.chunks.read(generationId, after, { through, limit: PAGE });
    return entries.length > 0 ? entries : this.compacted.read(generationId, after, through);
  }

  /** Keeps a tail up to date while it has readers and no writer of this process feeds it. */
  async #poll(generationId: string, tail: Tail, fresh: boolean): Promise<void> {
    tail.polled = true;
    const began = performance.now();
    try {
      if (fresh && !tail.local) await tail.changedWithin(POLL_RUNNING_MS);
      for (let known = false; tail.readers > 0 && !tail.final;) {
        if (!tail.local) known = (await this.#bringUpToDate(generationId, tail)) || known;
        if (tail.final) break;
        if (!known && !tail.local && performance.now() - began > APPEARS_WITHIN_MS) throw gone(generationId);
        const waits = tail.local || !known || tail.phase?.phase === 'queued';
        await tail.changedWithin(waits ? POLL_WAITING_MS : POLL_RUNNING_MS);
      }
    } catch (error) {
      tail.failure = error instanceof Error ? error : new Error(String(error));
      tail.wake();
    } finally {
      tail.polled = false;
    }
  }

  /** Reads what is new; false if nobody has heard of the generation. */
  async #bringUpToDate(generationId: string, tail: Tail): Promise<boolean> {
    // The state first: if it is final, the entries read after it are all there are.
    const state = await this.generations.state(generationId);
    if (!state || tail.local) return state !== null;
    for (let page = PAGE; page === PAGE;) {
      const fresh = await this.chunks.read(generationId, tail.last, { limit: PAGE });
      if (tail.local) return true;
      for (const entry of fresh) tail.push(entry);
      page = fresh.length;
    }
    if (state.status === 'queued') tail.phase = { phase: 'queued', position: state.position };
    else if (state.status === 'running') tail.phase = state.phase ?? { phase: 'generating' };
    else {
      // What is not in the log any more is put together elsewhere; each reader fetches what it lacks.
      if (tail.last < (state.lastSequence ?? 0)) tail.restartAfter(state.lastSequence ?? 0);
      tail.final = { status: state.status, error: state.error, metadata: state.metadata };
    }
    tail.wake();
    return true;
  }

  #tail(generationId: string): Tail {
    let tail = this.#tails.get(generationId);
    if (!tail) this.#tails.set(generationId, (tail = new Tail()));
    return tail;
  }

  #dropIfUnused(generationId: string, tail: Tail): void {
    if (tail.readers === 0 && !tail.local) this.#tails.delete(generationId);
  }
}

const toEvent = ({ kind, sequence, text }: LogEntry): GenerationEvent =>
  kind === 'token' ? { type: 'token', sequence, text } : { type: 'restart', sequence, reason: text };

const gone = (generationId: string) =>
  new DomainError('not-found', 'inference.generation-not-found', 'There is no such answer (any more).', {
    generationId,
  });
