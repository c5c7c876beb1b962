import { Injectable } from '@nestjs/common';
import type { HandlesOptions, OnEventMetadata } from './decorators.js';
import type { MessageContext } from './context.js';
import type { AnyMessageClass } from './message.js';
import type { OnShutdown } from './transport.js';

type Handle = (data: unknown, context: MessageContext) => unknown;

export interface RegisteredHandler {
  readonly message: AnyMessageClass;
  /** Name of the class, for logs and the catalogue. */
  readonly name: string;
  readonly transaction: boolean;
  readonly onShutdown?: OnShutdown;
  readonly handle: Handle;
}

export interface RegisteredReaction {
  readonly options: Omit<OnEventMetadata, 'concurrency'>;
  /** Asked again before each delivery. */
  readonly concurrency: () => number;
  readonly name: string;
  readonly transaction: boolean;
  readonly handle: Handle;
}

/** The handlers of this process. What is here is called directly; all else goes through the transport. */
@Injectable()
export class HandlerRegistry {
  private readonly handlers = new Map<string, RegisteredHandler>();
  private readonly byQueue = new Map<string, RegisteredReaction>();

  add(message: AnyMessageClass, name: string, handle: Handle, options: HandlesOptions = {}): void {
    const { type, kind } = message;
    const other = this.handlers.get(type);
    if (other) throw new Error(`Two handlers for ${type}: ${other.name} and ${name}.`);
    if (kind === 'event') throw new Error(`${name}: ${type} is an event; react to it with @OnEvent.`);
    if (kind !== 'stream' && options.onShutdown)
      throw new Error(`${name}: ${type} is no stream that could be left to end.`);
    if (kind === 'stream' && options.transaction) throw new Error(`${name}: a stream cannot run in a transaction.`);
    const transaction = options.transaction ?? kind === 'command';
    this.handlers.set(type, { message, name, handle, transaction, onShutdown: options.onShutdown });
  }

  addReaction(
    { concurrency = 1, ...options }: OnEventMetadata,
    name: string,
    handle: Handle,
    instance: object = {},
  ): void {
    const slots = typeof concurrency === 'function' ? () => concurrency(instance) : () => concurrency;
    const other = this.byQueue.get(options.queue);
    if (other) throw new Error(`Two reactions on queue ${options.queue}: ${other.name} and ${name}.`);
    for (const { type, kind } of options.messages) {
      if (kind !== 'event') throw new Error(`${name}: ${type} is a ${kind}; serve it with @Handles.`);
    }
    const { transaction = true, inbox = true } = options;
    if (transaction && !inbox) throw new Error(`${name}: a transaction needs its inbox row to be the only one.`);
    this.byQueue.set(options.queue, { options, name, handle, transaction, concurrency: slots });
  }

  handlerOf(type: string): RegisteredHandler | undefined {
    return this.handlers.get(type);
  }

  all(): RegisteredHandler[] {
    return [...this.handlers.values()];
  }

  reactions(): RegisteredReaction[] {
    return [...this.byQueue.values()];
  }
}
