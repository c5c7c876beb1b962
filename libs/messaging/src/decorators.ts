import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { MessageContext } from './context.js';
import type { OnShutdown } from './transport.js';
import type { AnyMessageClass, DataOf, Message, ResultOf } from './message.js';

export const HANDLES = 'messaging:handles';
export const ON_EVENT = 'messaging:on-event';

export interface HandlesOptions {
  /** Run in one unit of work; default true for commands, false for queries. Never for streams. */
  transaction?: boolean;
  /**
   * Of a stream, when its process shuts down: `close` ends it with `platform.shutting-down` at once, for readers that take
   * it up again elsewhere; `finish` lets it come to its end within the grace period. Default `close`.
   */
  onShutdown?: OnShutdown;
}

/** A method, so that a reaction may name its own class as the parameter. */
interface ConcurrencyOf {
  of(reaction: object): number;
}

export interface OnEventOptions {
  /** `<consumer>.<reaction>`, e.g. `notifications.push-on-message-sent`; each queue gets its own copy and own retries. */
  queue: string;
  /**
   * How many deliveries of this queue run at once in this process; a function gets the reaction's own instance and is
   * asked again before each. Default 1.
   */
  concurrency?: number | ConcurrencyOf['of'];
  /**
   * true (default): the inbox row and the handler's effects commit together, so a repeat does nothing.
   * false: for long work (generation, download); the inbox is checked before and written after, so a crash in between
   * repeats the work, which the handler must be able to take up again.
   */
  transaction?: boolean;
  /**
   * false, with `transaction: false` only: the work finds out by a key of its own whether it was done, and a repeat
   * changes nothing. Then the inbox is neither asked nor written. Default true.
   */
  inbox?: boolean;
  /** Milliseconds for one attempt, then its signal aborts and it counts as failed. Default 60,000; none without transaction. */
  deadlineMs?: number;
  /** Attempts before the message is parked in the dead letters, a crash of the process included. Default 5. */
  attempts?: number;
  /** Milliseconds before the second attempt; doubles each time up to `maxMs`. Default 200 up to 60,000. */
  backoff?: { baseMs: number; maxMs: number };
}

export interface HandlesMetadata extends HandlesOptions {
  message: AnyMessageClass;
}

export interface OnEventMetadata extends OnEventOptions {
  messages: readonly AnyMessageClass[];
}

type Answer<M> =
  M extends Message<unknown, unknown, 'stream'> ? AsyncIterable<ResultOf<M>> : Promise<ResultOf<M>> | ResultOf<M>;

/** Checked by the compiler: the decorated class answers exactly this message. */
type HandlerClass<M extends Message> = new (...args: never[]) => {
  handle(data: DataOf<M>, context: MessageContext): Answer<M>;
};

type ReactionClass<M extends Message> = new (...args: never[]) => {
  handle(data: DataOf<M>, context: MessageContext): Promise<void> | void;
};

/** The one handler of a command, query or stream query. A second one for the same type stops the boot. */
export function Handles<M extends Message<unknown, unknown, 'command' | 'query' | 'stream'>>(
  message: AnyMessageClass<M>,
  options: HandlesOptions = {},
) {
  const metadata: HandlesMetadata = { message, ...options };
  return <C extends HandlerClass<M>>(target: C): void =>
    applyDecorators(SetMetadata(HANDLES, metadata), Injectable())(target);
}

/** A reaction to an event, or to several that must be seen in order (tell them apart by `context.type`). */
export function OnEvent<M extends Message<unknown, unknown, 'event'>>(
  events: AnyMessageClass<M> | readonly AnyMessageClass<M>[],
  options: OnEventOptions,
) {
  const messages = Array.isArray(events) ? (events as readonly AnyMessageClass<M>[]) : [events as AnyMessageClass<M>];
  const metadata: OnEventMetadata = { messages, ...options };
  return <C extends ReactionClass<M>>(target: C): void =>
    applyDecorators(SetMetadata(ON_EVENT, metadata), Injectable())(target);
}
