import { Injectable, Logger } from '@nestjs/common';
import { DomainError, toDomainError } from '@app/kernel';
import { histogram } from '@app/observability';
import { cancellableStream } from './cancellable-stream.js';
import { type MessageContext, runInContext } from './context.js';
import type { RegisteredHandler, RegisteredReaction } from './handler-registry.js';
import { Inbox } from './inbox.js';
import type { Delivery } from './transport.js';
import { UnitOfWork } from './unit-of-work.js';
import { checkResult, parseData } from './wire.js';

const handled = histogram('parley_messages_handled_seconds', 'Time a handler took, by message type and outcome.', [
  'type',
  'outcome',
]);

/** A reply of the wrong shape is found by tests and in development; in production it costs every call for nothing. */
const checksResults = process.env.NODE_ENV !== 'production';

/** How often a unit of work is done again because another one was first. */
const RETRIES = 4;

/** Everything around a handler's business sentence, once: shape, context, transaction, metrics, log. */
@Injectable()
export class HandlerInvoker {
  private readonly logger = new Logger('Messaging');

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly inbox: Inbox,
  ) {}

  /** Runs the handler of a command or query. */
  async answer(handler: RegisteredHandler, data: unknown, context: MessageContext): Promise<unknown> {
    const { message } = handler;
    const started = performance.now();
    try {
      const input = parseData(message.schema, message.type, data);
      const work = async () => handler.handle(input, context);
      const result = await runInContext(context, () => (handler.transaction ? this.transaction(work) : work()));
      if (checksResults && message.result) checkResult(message.result, message.type, result);
      this.measure(message.type, 'ok', started);
      return result;
    } catch (error) {
      throw this.failed(error, message.type, started);
    }
  }

  /** Runs the handler of a stream query; the handler starts when the first item is asked for. */
  stream(
    handler: RegisteredHandler,
    data: unknown,
    context: Omit<MessageContext, 'signal'>,
    signals: readonly (AbortSignal | undefined)[],
  ): AsyncIterableIterator<unknown> {
    const { message } = handler;
    let opened: MessageContext | undefined;
    return cancellableStream(
      message.type,
      (signal) => {
        opened = { ...context, signal };
        const input = parseData(message.schema, message.type, data);
        return this.checked(handler, handler.handle(input, opened) as AsyncIterable<unknown>);
      },
      // A generator's body runs in the context of whoever calls `next`, so each step is put into the message's own.
      { signals, within: (step) => runInContext(opened ?? { ...context, signal: NOT_YET }, step) },
    );
  }

  /** Runs a reaction: at most one effect for each message id, however often it is delivered, where the inbox knows it. */
  async react(reaction: RegisteredReaction, delivery: Delivery): Promise<void> {
    const { envelope, queue, attempt, signal } = delivery;
    const started = performance.now();
    try {
      const schema = reaction.options.messages.find(({ type }) => type === envelope.type)?.schema;
      if (!schema) throw new DomainError('internal', 'platform.no-handler', `${queue} does not hear ${envelope.type}.`);
      const input = parseData(schema, envelope.type, envelope.data);
      const { data: _data, source: _source, time: _time, ...origin } = envelope;
      const context: MessageContext = { ...origin, signal, deliveryAttempt: attempt };
      await runInContext(context, () => this.once(reaction, context, async () => reaction.handle(input, context)));
      this.measure(envelope.type, 'ok', started);
    } catch (error) {
      throw this.failedDelivery(error, delivery, started);
    }
  }

  /**
   * Somebody else was first at the same stream: all of it was rolled back, so it is done again on what is there now. Two
   * equal requests at one moment both get the answer of the one that came first.
   */
  private async transaction<T>(work: () => Promise<T>): Promise<T> {
    // A unit around this one is rolled back as a whole, by whoever opened it.
    for (let left = this.unitOfWork.inTransaction ? 0 : RETRIES; ; left--) {
      try {
        return await this.unitOfWork.transaction(work);
      } catch (error) {
        if (left === 0 || !(error instanceof DomainError) || error.code !== 'platform.stream-changed') throw error;
      }
    }
  }

  private async once(
    { options: { queue, inbox = true }, transaction }: RegisteredReaction,
    { id, deliveryAttempt }: MessageContext,
    work: () => Promise<unknown>,
  ) {
    if (transaction) {
      await this.unitOfWork
        .transaction(async () => {
          // What was delivered before may be done already. What was not hardly is, so the inbox is told together with the
          // first statement: if it knows the message after all, the unit is rolled back.
          if (deliveryAttempt === 1) await this.inbox.note(queue, id);
          else if (!(await this.inbox.record(queue, id))) return;
          await work();
        })
        .catch((error: unknown) => {
          if (!this.inbox.isRepeat(error)) throw error;
        });
    } else if (!inbox) {
      await work();
    } else if (!(await this.inbox.has(queue, id))) {
      await work();
      await this.inbox.record(queue, id);
    }
  }

  private async *checked({ message }: RegisteredHandler, items: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    const started = performance.now();
    try {
      for await (const item of items) {
        if (checksResults && message.result) checkResult(message.result, message.type, item);
        yield item;
      }
      this.measure(message.type, 'ok', started);
    } catch (error) {
      throw this.failed(error, message.type, started);
    }
  }

  private measure(type: string, outcome: string, started: number): void {
    handled.labels(type, outcome).observe((performance.now() - started) / 1000);
  }

  /** A `DomainError` is an answer, which the caller handles; anything else is a defect and is logged here, once. */
  private failed(error: unknown, type: string, started: number): DomainError {
    const failure = toDomainError(error);
    this.measure(type, failure.kind, started);
    if (failure !== error || failure.code === 'platform.invalid-result') {
      this.logger.error({ msg: 'Handler failed', type, code: failure.code, details: failure.details, err: error });
    }
    return failure;
  }

  private failedDelivery(error: unknown, { queue, envelope, attempt, last, signal }: Delivery, started: number) {
    const failure = toDomainError(signal.aborted ? signal.reason : error);
    this.measure(envelope.type, failure.kind, started);
    const { type, id, correlationid } = envelope;
    const entry = { type, queue, attempt, code: failure.code, id, correlationid, err: error };
    if (failure.code === 'platform.shutting-down') this.logger.log({ msg: 'Reaction put back for shutdown', ...entry });
    else if (last) this.logger.error({ msg: 'Reaction failed for the last time: parked', ...entry });
    else this.logger.warn({ msg: 'Reaction failed: will be tried again', ...entry });
    return failure;
  }
}

const NOT_YET = new AbortController().signal;
