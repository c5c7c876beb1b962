import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HandlerRegistry } from './handler-registry.js';
import { messageCatalogue, messageTopology } from './message-catalogue.js';
import { command, event, query } from './message.js';

class Rename extends command('t.rename.v1', z.object({ name: z.string() })) {}
class Count extends query('t.count.v1', z.object({}), z.object({ count: z.number() })) {}
class Renamed extends event('t.renamed.v1', z.object({ name: z.string() })) {}

describe('the message catalogue', () => {
  it('describes every message by its JSON Schemas, ordered by type', () => {
    const catalogue = messageCatalogue([Renamed, Rename, Count]);
    expect(catalogue.map(({ type, kind }) => [type, kind])).toEqual([
      ['t.count.v1', 'query'],
      ['t.rename.v1', 'command'],
      ['t.renamed.v1', 'event'],
    ]);
    expect(catalogue[0]?.resultSchema).toMatchObject({ properties: { count: { type: 'number' } } });
    expect(catalogue[1]).toMatchObject({ dataSchema: { required: ['name'] }, resultSchema: null });
  });

  it('refuses a shape that JSON cannot carry', () => {
    expect(() => messageCatalogue([class extends event('t.bad.v1', z.object({ at: z.date() })) {}])).toThrow('Date');
  });
});

describe('the topology', () => {
  it('says which class serves a type and which queue hears an event', () => {
    const registry = new HandlerRegistry();
    registry.add(Count, 'CountHandler', () => ({ count: 1 }));
    registry.add(Rename, 'RenameHandler', () => undefined);
    registry.addReaction({ messages: [Renamed], queue: 't.note-on-renamed' }, 'NoteOnRenamedHandler', () => undefined);
    expect(messageTopology(registry)).toEqual({
      handlers: [
        { type: 't.count.v1', handler: 'CountHandler', transaction: false },
        { type: 't.rename.v1', handler: 'RenameHandler', transaction: true },
      ],
      reactions: [
        { queue: 't.note-on-renamed', types: ['t.renamed.v1'], handler: 'NoteOnRenamedHandler', transaction: true },
      ],
    });
  });
});
