import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { HANDLES, type HandlesMetadata, ON_EVENT, type OnEventMetadata } from './decorators.js';
import type { MessageContext } from './context.js';
import { HandlerInvoker } from './handler-invoker.js';
import { HandlerRegistry, type RegisteredHandler, type RegisteredReaction } from './handler-registry.js';
import type { Envelope } from './message.js';
import { below, ending, endingStream, startMessageSpan } from './spans.js';
import { Transport } from './transport.js';

const DEFAULT_ATTEMPTS = 5;
const DEFAULT_BACKOFF = { baseMs: 200, maxMs: 60_000 };
const DEFAULT_DEADLINE_MS = 60_000;

interface Handling {
  handle(data: unknown, context: MessageContext): unknown;
}

/** Finds what is decorated, once: the imports of an app decide what it serves. */
@Injectable()
export class HandlerDiscovery implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly registry: HandlerRegistry,
    private readonly invoker: HandlerInvoker,
    private readonly transport: Transport,
  ) {}

  /** Handlers are known before any module starts its own work; a mistake stops the boot. */
  onModuleInit(): void {
    for (const { metatype, instance } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function' || !instance) continue;
      const handles = this.reflector.get<HandlesMetadata | undefined>(HANDLES, metatype);
      const reacts = this.reflector.get<OnEventMetadata | undefined>(ON_EVENT, metatype);
      const handling = instance as Handling;
      const handle: Handling['handle'] = (data, context) => handling.handle(data, context);
      if (handles) this.registry.add(handles.message, metatype.name, handle, handles);
      if (reacts) this.registry.addReaction(reacts, metatype.name, handle, instance as object);
    }
  }

  /** Serves other processes, and starts the reactions. */
  async connect(): Promise<void> {
    for (const handler of this.registry.all()) await this.respond(handler);
    for (const reaction of this.registry.reactions()) await this.subscribe(reaction);
  }

  private respond(handler: RegisteredHandler): Promise<void> {
    const { type, kind } = handler.message;
    if (kind === 'stream') {
      return this.transport.respondStream(
        type,
        (envelope, signal) => {
          const span = startMessageSpan('process', envelope, this.transport);
          const context = originOf(below(span, envelope));
          return endingStream(span, this.invoker.stream(handler, envelope.data, context, [signal]));
        },
        { onShutdown: handler.onShutdown },
      );
    }
    return this.transport.respond(type, (envelope, signal) => {
      const span = startMessageSpan('process', envelope, this.transport);
      const context = { ...originOf(below(span, envelope)), signal };
      return ending(span, this.invoker.answer(handler, envelope.data, context));
    });
  }

  private subscribe(reaction: RegisteredReaction): Promise<void> {
    const { queue, messages, attempts = DEFAULT_ATTEMPTS, backoff = DEFAULT_BACKOFF } = reaction.options;
    const { deadlineMs = reaction.transaction ? DEFAULT_DEADLINE_MS : undefined } = reaction.options;
    const types = messages.map(({ type }) => type);
    const { concurrency } = reaction;
    return this.transport.subscribe({ queue, types, concurrency, attempts, backoff, deadlineMs }, (delivery) => {
      const { envelope, attempt } = delivery;
      const span = startMessageSpan('process', envelope, this.transport, { queue, attempt });
      if (!span) return this.invoker.react(reaction, delivery);
      return ending(span, this.invoker.react(reaction, { ...delivery, envelope: below(span, envelope) }));
    });
  }
}

const originOf = ({ id, type, actor, correlationid, causationid, traceparent, tracestate }: Envelope) => ({
  ...{ id, type, actor, correlationid, causationid, traceparent, tracestate },
  deliveryAttempt: 1,
});
