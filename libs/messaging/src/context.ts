import { AsyncLocalStorage } from 'node:async_hooks';
import { DomainError, newId } from '@app/kernel';
import type { TraceContext } from '@app/observability';
import type { Actor, Envelope } from './message.js';

/** What a handler may know about the message it handles, beside its data. */
export interface MessageContext extends TraceContext {
  /** Id of the message; what the handler sends carries it as `causationid`. */
  readonly id: string;
  readonly type: string;
  /** Who asked; absent for what the system does by itself. */
  readonly actor?: Actor;
  /** The same for all that one request or one event set off. */
  readonly correlationid: string;
  readonly causationid?: string;
  /**
   * Aborts when the caller left, the deadline passed or the process shuts down. Its reason is a `DomainError` of kind
   * `cancelled`, `timeout` or `unavailable` (code `platform.shutting-down`).
   */
  readonly signal: AbortSignal;
  /** 1 for the first delivery. */
  readonly deliveryAttempt: number;
}

/** The part of a context that travels. */
export type Origin = Omit<MessageContext, 'signal' | 'deliveryAttempt'>;

const ambient = new AsyncLocalStorage<MessageContext>();

// Work that outlives the message that woke it (relay, delivery workers) must inherit neither its actor nor its transaction.
const outside = AsyncLocalStorage.snapshot();

/** The context of the message being handled, or of the request at the edge; undefined outside both. */
export const messageContext = (): MessageContext | undefined => ambient.getStore();

export const runInContext = <T>(context: MessageContext, work: () => T): T => ambient.run(context, work);

/** Runs `work` without any ambient value: no message context, no unit of work, no trace. */
export const runDetached = <T>(work: () => T): T => outside(work);

const NEVER = new AbortController().signal;

/**
 * Opens the context of an edge: an HTTP request, a command line, a timer. All that `work` sends through the bus carries
 * this actor and correlation id. `signal` is that of the client's connection.
 */
export function runAs<T>(
  who: TraceContext & { actor?: Actor; correlationid?: string; signal?: AbortSignal },
  work: () => T,
): T {
  const id = who.correlationid ?? newId();
  const { actor, traceparent, tracestate, signal = NEVER } = who;
  const context = { id, type: 'edge', actor, correlationid: id, traceparent, tracestate, signal, deliveryAttempt: 1 };
  return ambient.run(context, work);
}

/** The actor of the given (or ambient) context; throws `unauthenticated` when nobody is there. */
export function requireActor(context: MessageContext | undefined = messageContext()): Actor {
  if (context?.actor) return context.actor;
  throw new DomainError('unauthenticated', 'platform.unauthenticated', 'You need to sign in first.');
}

/** Metadata of an event that is stored now: who and what caused it. */
export function eventMetadata(
  source?: string,
): Pick<Partial<Envelope>, 'actor' | 'correlationid' | 'causationid' | 'traceparent' | 'tracestate' | 'source'> {
  const context = messageContext();
  return {
    ...(source && { source }),
    correlationid: context?.correlationid ?? newId(),
    ...(context && { causationid: context.id }),
    ...(context?.actor && { actor: context.actor }),
    ...(context?.traceparent && { traceparent: context.traceparent }),
    ...(context?.tracestate && { tracestate: context.tracestate }),
  };
}
