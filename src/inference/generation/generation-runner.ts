import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { DomainError, type ErrorKind, toDomainError } from '@app/kernel';
import { type IntegrationEvent, MessageBus, runBelow } from '@app/messaging';
import { Database } from '@app/persistence';
import {
  type AnswerError,
  type AnswerMetadata,
  type ChatMessage,
  type FinalStatus,
  type GenerationPhase,
} from '../contracts/index.js';
import type { AnswerPrefix, EngineEvent, GenerateRequest } from '../domain/engine.js';
import type { WithAdapters } from '../models/adapter-registry.js';
import { GenerationChunks } from '../persistence/generation-chunks.js';
import { type Claim, Generations } from '../persistence/generations.js';
import { answerSoFar } from './answer-so-far.js';
import { GenerationLog } from './generation-log.js';
import { describeGeneration, startGenerationSpan } from './generation-span.js';
import type { LogWriter } from './log-writer.js';
import type { FinalState } from './tail.js';

/** Tries of one worker after its engine failed without a new token in between. */
const FRUITLESS_TRIES = 3;
const PHASE_STORED_EVERY_MS = 250;

/** What a run knows while it goes on. */
interface Run {
  generationId: string;
  order: Order;
  claim: Claim;
  writer: LogWriter;
  model: WithAdapters | null;
  answer: AnswerPrefix;
  promptTokens: number;
  cachedPromptTokens: number;
  continuations: number;
  continuationMode: AnswerMetadata['continuationMode'];
  /** Tokens and time of this worker alone, for the speed. */
  own: { tokens: number; firstAt: number | null };
}

/** The end of an answer, as it is stored. */
export interface AnswerEnd {
  status: FinalStatus;
  text: string;
  error: AnswerError | null;
  metadata: AnswerMetadata | null;
}

export interface Order {
  model: () => Promise<WithAdapters>;
  prompt: () => Promise<ChatMessage[]>;
  /** What the engine is told beside that. */
  limits?: Pick<GenerateRequest, 'stop' | 'grammar'>;
  /** Says to others that it is over; stored together with the end. */
  finished: (end: AnswerEnd) => IntegrationEvent;
}

type Outcome = { finishReason: AnswerMetadata['finishReason']; error: AnswerError | null };

/** Takes one answer from wherever it stands to its end. */
@Injectable()
export class GenerationRunner {
  constructor(
    private readonly db: Database,
    private readonly bus: MessageBus,
    private readonly config: Config,
    private readonly generations: Generations,
    private readonly chunks: GenerationChunks,
    private readonly log: GenerationLog,
  ) {}

  /**
   * @param order asked for once the claim is ours; what fails then is the answer's failure
   * @param shutdown aborts when this process ends: the answer is left as it is, for the next worker
   */
  async run(generationId: string, claim: Claim, order: Order, shutdown: AbortSignal): Promise<void> {
    const span = startGenerationSpan(claim.sampler);
    try {
      const final = await runBelow(span, () => this.#run(generationId, claim, order, shutdown));
      if (final?.metadata && span) describeGeneration(span, final.metadata);
      span?.end(final?.error ?? undefined);
    } catch (error) {
      span?.end(error);
      throw error;
    }
  }

  /** Null: another worker has the answer by now. */
  async #run(generationId: string, claim: Claim, order: Order, shutdown: AbortSignal): Promise<FinalState | null> {
    const taken = claim.epoch > 1 ? await this.chunks.read(generationId, 0) : [];
    const writer = this.log.open(generationId, claim.epoch, taken.at(-1)?.sequence ?? 0, claim.firstTokenAt);
    const run: Run = {
      generationId,
      order,
      claim,
      writer,
      model: null,
      answer: answerSoFar(taken),
      promptTokens: 0,
      cachedPromptTokens: 0,
      continuations: taken.length > 0 ? 1 : 0,
      continuationMode: 'none',
      own: { tokens: 0, firstAt: null },
    };
    let final: FinalState | null = null;
    try {
      if (claim.stopRequested) writer.requestStop();
      const outcome = await this.#answer(run, order, shutdown);
      await writer.flushed();
      if (writer.lost.aborted) await this.#checkLost(run);
      else final = await this.#finish(run, outcome);
      return final;
    } finally {
      this.log.close(writer, final);
    }
  }

  async #answer(run: Run, order: Order, shutdown: AbortSignal): Promise<Outcome> {
    const { writer } = run;
    const signal = AbortSignal.any([shutdown, writer.lost, writer.stopRequested]);
    try {
      const messages = await order.prompt();
      run.model = await order.model();
      await this.#pinModel(run, run.model);
      for (let fruitless = 0; ;) {
        signal.throwIfAborted();
        const before = run.own.tokens;
        try {
          return { finishReason: await this.#attempt(run, run.model, messages, signal), error: null };
        } catch (error) {
          fruitless = run.own.tokens > before ? 0 : fruitless + 1;
          if (signal.aborted || !isPassing(error) || fruitless >= FRUITLESS_TRIES) throw error;
          if (run.answer.text !== '') run.continuations++;
        }
      }
    } catch (error) {
      if (writer.lost.aborted) return { finishReason: 'error', error: null };
      if (shutdown.aborted) {
        await writer.flushed();
        throw shutdown.reason;
      }
      if (writer.stopRequested.aborted) return { finishReason: 'stopped', error: null };
      const { kind, code, message } = toDomainError(error);
      if (!(error instanceof DomainError) || isBetweenServices(error)) {
        // The delivery comes again, and goes on from the log.
        await writer.flushed();
        throw error;
      }
      return { finishReason: 'error', error: { code, message, kind: kindOf(kind) } };
    }
  }

  /** A log that began with another model file, or other adapters, cannot be continued by these. */
  async #pinModel(run: Run, model: WithAdapters): Promise<void> {
    const { claim } = run;
    const adapters = model.used.map(({ digest, scale }) => `${digest}@${scale}`).join(' ');
    if (claim.epoch > 1 && run.answer.text !== '') {
      if (claim.modelDigest !== model.digest) this.#restart(run, 'model-changed');
      else if (claim.adapters !== adapters) this.#restart(run, 'adapter-changed');
    }
    if (claim.modelDigest !== model.digest || claim.model === null || claim.adapters !== adapters) {
      await this.generations.rememberModel(run.generationId, { ...model, adapters });
    }
  }

  async #attempt(
    run: Run,
    model: WithAdapters,
    messages: ChatMessage[],
    signal: AbortSignal,
  ): Promise<'stop' | 'length'> {
    const prefix = run.answer.text === '' ? undefined : { ...run.answer, tokenIds: [...run.answer.tokenIds] };
    const exact = (prefix?.tokenIds.length ?? 0) <= this.config.inference.exactContinuationTokens;
    const continuation = exact ? 'exact' : 'fast';
    if (prefix && model.engine.continuesPrefix) run.continuationMode = continuation;
    const { adapters, engineModel } = model;
    const request = {
      ...run.order.limits,
      model: engineModel,
      messages,
      adapters,
      sampler: run.claim.sampler,
      prefix,
      continuation,
      gatherMs: this.config.inference.groupCommitMs,
    } as const;
    const phases = this.#phases(run.generationId);
    for await (const event of model.engine.generate(request, signal)) {
      if (event.type === 'finish') {
        run.promptTokens = event.promptTokens;
        run.cachedPromptTokens = event.cachedPromptTokens;
        return event.reason;
      }
      this.#take(run, event, phases);
    }
    throw new DomainError('unavailable', 'inference.engine-crashed', 'The engine ended without finishing the answer.');
  }

  #take(run: Run, event: Exclude<EngineEvent, { type: 'finish' }>, showPhase: (phase: GenerationPhase) => void): void {
    switch (event.type) {
      case 'queued':
        return showPhase({ phase: 'queued', position: event.position });
      case 'loading':
        return showPhase({ phase: 'loading', progress: event.progress });
      case 'prompt':
        run.promptTokens = event.promptTokens;
        run.cachedPromptTokens = event.cachedTokens;
        return showPhase({ phase: 'generating' });
      case 'restart':
        return this.#restart(run, event.reason);
      case 'token':
        run.answer.text += event.text;
        for (const id of event.tokenIds) run.answer.tokenIds.push(id);
        run.own.firstAt ??= performance.now();
        run.own.tokens += Math.max(1, event.tokenIds.length);
        run.writer.token(event.text, event.tokenIds);
    }
  }

  #restart(run: Run, reason: string): void {
    run.answer = { text: '', tokenIds: [] };
    run.continuationMode = 'none';
    run.writer.restart(reason);
  }

  /** Readers here see each phase at once; those of other processes through the table, at a bounded rate. */
  #phases(generationId: string): (phase: GenerationPhase) => void {
    let storedAt = performance.now();
    let stored: GenerationPhase['phase'] = 'generating';
    return (phase) => {
      this.log.showPhase(generationId, phase);
      const now = performance.now();
      if (phase.phase === stored && (phase.phase === 'generating' || now - storedAt < PHASE_STORED_EVERY_MS)) return;
      [stored, storedAt] = [phase.phase, now];
      // A remark for readers: a failure to store it is not the answer's failure, and the log's own commit will tell.
      this.generations.showPhase(generationId, phase).catch(() => undefined);
    };
  }

  /** Stores the end and says so, in one transaction; null if another worker holds the answer by now. */
  async #finish(run: Run, { finishReason, error }: Outcome): Promise<FinalState | null> {
    const { generationId, claim, writer, order, answer } = run;
    const status: FinalStatus =
      finishReason === 'error' ? 'failed' : finishReason === 'stopped' ? 'stopped' : 'complete';
    const metadata = this.#metadata(run, finishReason);
    const { firstTokenAt, lastSequence } = writer;
    const finished = await this.db.transaction(async () => {
      const end = { status, error, metadata, firstTokenAt, lastSequence };
      if (!(await this.generations.finish(generationId, claim.epoch, end))) return false;
      const event = order.finished({ status, text: answer.text, error, metadata });
      await this.bus.publish(event, { stream: `inference.generation:${generationId}` });
      return true;
    });
    return finished ? { status, error, metadata } : null;
  }

  #metadata(run: Run, finishReason: AnswerMetadata['finishReason']): AnswerMetadata | null {
    const { model, claim, own, writer } = run;
    if (!model) return null;
    const seconds = own.firstAt === null ? 0 : (performance.now() - own.firstAt) / 1000;
    return {
      engine: model.engine.name,
      model: model.id,
      modelDigest: model.digest,
      adapterDigests: model.used.map(({ digest }) => digest),
      adapters: model.used,
      sampler: claim.sampler,
      promptTokens: run.promptTokens,
      completionTokens: run.answer.tokenIds.length || own.tokens,
      cachedPromptTokens: run.cachedPromptTokens,
      timeToFirstTokenMs: writer.firstTokenAt && writer.firstTokenAt.getTime() - claim.createdAt.getTime(),
      tokensPerSecond: own.tokens > 1 && seconds > 0 ? round((own.tokens - 1) / seconds) : null,
      finishReason,
      continuations: run.continuations,
      continuationMode: run.continuationMode,
    };
  }

  /** Another worker's, or only a conflict in the log? Then the delivery comes again. */
  async #checkLost({ generationId, claim }: Run): Promise<void> {
    if (!(await this.generations.isHeldBy(generationId, claim.epoch))) return;
    throw new DomainError('conflict', 'inference.log-conflict', 'The generation log could not be written.');
  }
}

/** Of an answer, whose asker was signed in and has not left. */
const kindOf = (kind: ErrorKind): AnswerError['kind'] =>
  kind === 'unauthenticated' ? 'forbidden' : kind === 'cancelled' || kind === 'rate-limited' ? 'unavailable' : kind;

/** What another try with the log's prefix may mend. */
const isPassing = (error: unknown): boolean =>
  error instanceof DomainError && ['inference.engine-crashed', 'inference.upstream-unavailable'].includes(error.code);

/** The module that knows the prompt, the broker or the database was away for a moment: no fault of this answer. */
const isBetweenServices = ({ kind, code }: DomainError): boolean =>
  code.startsWith('platform.') && (kind === 'unavailable' || kind === 'timeout');

const round = (value: number): number => Math.round(value * 10) / 10;
