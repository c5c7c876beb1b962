import { z } from 'zod';
import type { HandlerRegistry } from './handler-registry.js';
import type { AnyMessageClass, MessageKind } from './message.js';

export interface MessageDescription {
  type: string;
  kind: MessageKind;
  /** JSON Schema (2020-12) of what a sender writes. */
  dataSchema: object;
  /** JSON Schema of the reply, or of one item of a stream; null when there is none. */
  resultSchema: object | null;
}

/** Every message as plain JSON, by type. Fails on a shape that JSON cannot carry. */
export function messageCatalogue(classes: Iterable<AnyMessageClass>): MessageDescription[] {
  return [...classes]
    .map(({ type, kind, schema, result }) => ({
      type,
      kind,
      dataSchema: z.toJSONSchema(schema, { io: 'input' }),
      resultSchema: result ? z.toJSONSchema(result, { io: 'output' }) : null,
    }))
    .toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

export interface TopologyDescription {
  handlers: { type: string; handler: string; transaction: boolean }[];
  reactions: { queue: string; types: string[]; handler: string; transaction: boolean }[];
}

/** Which class of this process serves which type, and which queue hears which events. */
export function messageTopology(registry: HandlerRegistry): TopologyDescription {
  return {
    handlers: registry
      .all()
      .map(({ message, name, transaction }) => ({ type: message.type, handler: name, transaction }))
      .toSorted((a, b) => (a.type < b.type ? -1 : 1)),
    reactions: registry
      .reactions()
      .map(({ options, name, transaction }) => ({
        queue: options.queue,
        types: options.messages.map(({ type }) => type),
        handler: name,
        transaction,
      }))
      .toSorted((a, b) => (a.queue < b.queue ? -1 : 1)),
  };
}
