import type { z } from 'zod';

/**
 * A contract is one class made by `command`, `query`, `streamQuery` or `event`. It names itself: `type` is the wire name
 * (and routing key) and never changes with the class name. Its Zod shapes validate on both sides of every boundary,
 * appear in the message catalogue, and give the TypeScript types.
 */
export type MessageKind = 'command' | 'query' | 'stream' | 'event';

export interface MessageClass<D extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  new (data: z.input<D>): Message<z.output<D>, z.output<R>>;
  readonly kind: MessageKind;
  readonly type: string;
  readonly schema: D;
  /** Shape of the reply (command, query) or of one item (stream); absent for events and for commands without a reply. */
  readonly result?: R;
}

/** A message class as the bus sees it. */
export type AnyMessageClass<M extends Message = Message> = Pick<MessageClass, 'kind' | 'type' | 'schema' | 'result'> & {
  new (data: never): M;
};

export interface Message<D = unknown, R = unknown, K extends MessageKind = MessageKind> {
  readonly data: D;
  /** Tells commands, queries, streams and events apart for the compiler; never present at run time. */
  readonly __kind?: K;
  /** Carries the result type only; never present at run time. */
  readonly __result?: R;
}

export type Command<R = unknown> = Message<unknown, R, 'command'>;
export type Query<R = unknown> = Message<unknown, R, 'query'>;
export type StreamQuery<R = unknown> = Message<unknown, R, 'stream'>;
export type IntegrationEvent = Message<unknown, unknown, 'event'>;

export type DataOf<M> = M extends { readonly data: infer D } ? D : never;
export type ResultOf<M> = M extends { readonly __result?: infer R } ? Exclude<R, undefined> | VoidIf<R> : never;
type VoidIf<R> = [R] extends [undefined] ? void : never;

function define<K extends MessageKind, const T extends string, D extends z.ZodType, R extends z.ZodType>(
  kind: K,
  type: T,
  schema: D,
  result?: R,
) {
  return class implements Message<z.output<D>, z.output<R>, K> {
    static readonly kind = kind;
    static readonly type = type;
    static readonly schema = schema;
    static readonly result = result;
    declare readonly __kind?: K;
    declare readonly __result?: z.output<R>;
    readonly data: z.output<D>;
    constructor(data: z.input<D>) {
      // Validated by the bus, so that both sides of a wire are held to the same shape.
      this.data = data as z.output<D>;
    }
    /** The wire name, so that an instance is also the `{ type, data }` that aggregates and the event store know. */
    get type(): T {
      return type;
    }
  };
}

/** `class SendMessage extends command('chat.send-message.v1', dataShape, resultShape) {}` */
export const command = <const T extends string, D extends z.ZodType, R extends z.ZodType = z.ZodUndefined>(
  type: T,
  data: D,
  result?: R,
) => define<'command', T, D, R>('command', type, data, result);

/** `class ListModels extends query('inference.list-models.v1', dataShape, resultShape) {}` */
export const query = <const T extends string, D extends z.ZodType, R extends z.ZodType>(type: T, data: D, result: R) =>
  define<'query', T, D, R>('query', type, data, result);

/** A query answered by many items in order: `bus.stream(new StreamGeneration({...}))`. */
export const streamQuery = <const T extends string, D extends z.ZodType, R extends z.ZodType>(
  type: T,
  data: D,
  item: R,
) => define<'stream', T, D, R>('stream', type, data, item);

/** An integration event, past tense: `class MessageSent extends event('chat.message.sent.v1', dataShape) {}` */
export const event = <const T extends string, D extends z.ZodType>(type: T, data: D) =>
  define<'event', T, D, z.ZodUndefined>('event', type, data);

/** Who asked. Absent for what the system does by itself. */
export interface Actor {
  userId: string;
  role: 'admin' | 'user';
  /** What an API key may do; absent for a signed-in person, who may do all that their role allows. */
  scopes?: string[];
}

/** What travels, as plain JSON. Names are those of CloudEvents. */
export interface Envelope {
  id: string;
  type: string;
  /** The service that sent it. */
  source: string;
  /** ISO 8601. */
  time: string;
  correlationid: string;
  causationid?: string;
  /** W3C Trace Context: the work that sent it. */
  traceparent?: string;
  tracestate?: string;
  actor?: Actor;
  data: unknown;
}

export const classOf = (message: Message): AnyMessageClass => message.constructor as unknown as AnyMessageClass;

export const typeOf = (message: Message): string => classOf(message).type;
