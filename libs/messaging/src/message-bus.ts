import { Inject, Injectable } from '@nestjs/common';
import { DomainError, newId } from '@app/kernel';
import { type TraceContext, tracer } from '@app/observability';
import { type MessageContext, messageContext, type Origin } from './context.js';
import { Deadline } from './deadline.js';
import { EventPublisher } from './event-publisher.js';
import { HandlerInvoker } from './handler-invoker.js';
import { HandlerRegistry, type RegisteredHandler } from './handler-registry.js';
import {
  classOf,
  type Command,
  type Envelope,
  type IntegrationEvent,
  type Message,
  type MessageKind,
  type Query,
  type ResultOf,
  type StreamQuery,
} from './message.js';
import { SERVICE } from './options.js';
import { below, ending, endingStream, startMessageSpan } from './spans.js';
import { type StreamOptions, Transport } from './transport.js';
import { parseData } from './wire.js';

export interface AskOptions {
  /** Default 30,000. The handler's signal aborts and the caller gets `platform.timeout`. */
  timeoutMs?: number;
  /** The caller's own; its abort gives `platform.cancelled`. */
  signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * How everything talks to everything. A message whose handler is in this process is handled by a direct call; any other
 * goes through the transport. Either way its data has its shape, and a failure is a `DomainError`.
 */
@Injectable()
export class MessageBus {
  constructor(
    private readonly registry: HandlerRegistry,
    private readonly invoker: HandlerInvoker,
    private readonly transport: Transport,
    private readonly events: EventPublisher,
    @Inject(SERVICE) private readonly service: string,
  ) {}

  execute<C extends Command>(command: C, options?: AskOptions): Promise<ResultOf<C>> {
    return this.ask(command, 'command', options) as Promise<ResultOf<C>>;
  }

  query<Q extends Query>(query: Q, options?: AskOptions): Promise<ResultOf<Q>> {
    return this.ask(query, 'query', options) as Promise<ResultOf<Q>>;
  }

  /** Items in order. Leave the loop (or call `return`) and the producer's `context.signal` aborts. */
  stream<S extends StreamQuery>(query: S, options: StreamOptions = {}): AsyncIterable<ResultOf<S>> {
    const handler = this.handlerOf(query, 'stream');
    return (handler ? this.streamHere(handler, query, options) : this.streamElsewhere(query, options)) as AsyncIterable<
      ResultOf<S>
    >;
  }

  /**
   * Stores the event in the ambient unit of work (or one of its own) and returns; every queue that hears it gets its copy
   * after the commit. `stream` of the event store defaults to the module, the first word of the type.
   */
  async publish(event: IntegrationEvent, options: { stream?: string } = {}): Promise<void> {
    const { kind, type, schema } = classOf(event);
    if (kind !== 'event') throw wrongKind(type, kind, 'event');
    parseData(schema, type, event.data);
    await this.events.publish(event, options.stream ?? type.slice(0, type.indexOf('.')));
  }

  /** A hint to every process, this one included, that there may be news. It can be lost: whoever heeds it also looks by itself. */
  signal(topic: string): void {
    this.transport.signal(topic);
  }

  /** `heed` may be called without a signal, too. Returns what ends it. */
  onSignal(topic: string, heed: () => void): () => void {
    return this.transport.onSignal(topic, heed);
  }

  private async ask(message: Message, kind: MessageKind, options: AskOptions = {}): Promise<unknown> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
    const handler = this.handlerOf(message, kind);
    if (!handler) return this.askElsewhere(message, kind, { timeoutMs, signal: signal ?? messageContext()?.signal });

    const parent = messageContext();
    const { type } = handler.message;
    using deadline = new Deadline({ what: type, timeoutMs, signals: [signal, parent?.signal] });
    const span = tracer()?.start({ name: type });
    const context = { ...originOf(type, parent, span), signal: deadline.signal, deliveryAttempt: 1 };
    return await ending(
      span,
      deadline.race(() => this.invoker.answer(handler, message.data, context)),
    );
  }

  private streamHere(handler: RegisteredHandler, query: Message, { signal }: { signal?: AbortSignal }) {
    const { type } = handler.message;
    const parent = messageContext();
    const span = tracer()?.start({ name: type });
    const context = { ...originOf(type, parent, span), deliveryAttempt: 1 };
    return endingStream(span, this.invoker.stream(handler, query.data, context, [signal, parent?.signal]));
  }

  private streamElsewhere(query: Message, options: StreamOptions) {
    const envelope = this.envelope(query);
    const span = startMessageSpan('send', envelope, this.transport);
    return endingStream(span, this.transport.stream(below(span, envelope), options));
  }

  /** A query whose process died is asked once more; a command may have been done. */
  private async askElsewhere(
    message: Message,
    kind: MessageKind,
    options: { timeoutMs: number; signal?: AbortSignal },
  ) {
    try {
      return await this.request(message, options);
    } catch (error) {
      if (kind !== 'query' || !(error instanceof DomainError) || error.code !== 'platform.interrupted') throw error;
      return this.request(message, options);
    }
  }

  private request(message: Message, options: { timeoutMs: number; signal?: AbortSignal }): Promise<unknown> {
    const envelope = this.envelope(message);
    const span = startMessageSpan('send', envelope, this.transport);
    return ending(span, this.transport.request(below(span, envelope), options));
  }

  private handlerOf(message: Message, kind: MessageKind): RegisteredHandler | undefined {
    const contract = classOf(message);
    if (contract.kind !== kind) throw wrongKind(contract.type, contract.kind, kind);
    return this.registry.handlerOf(contract.type);
  }

  private envelope(message: Message): Envelope {
    const { type, schema } = classOf(message);
    parseData(schema, type, message.data);
    return {
      ...originOf(type, messageContext()),
      source: this.service,
      time: new Date().toISOString(),
      data: message.data,
    };
  }
}

/** A new message: on behalf of whom, and what caused it. */
function originOf(type: string, parent: MessageContext | undefined, trace: TraceContext | undefined = parent): Origin {
  const { actor, correlationid = newId(), id: causationid } = parent ?? {};
  const { traceparent, tracestate } = trace ?? {};
  return { id: newId(), type, actor, correlationid, causationid, traceparent, tracestate };
}

const wrongKind = (type: string, is: MessageKind, asked: MessageKind) =>
  new DomainError('internal', 'platform.wrong-kind', `${type} is a ${is} and was sent as a ${asked}.`);
