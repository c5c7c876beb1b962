import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { command, event, type DataOf, type ResultOf, typeOf } from './message.js';

class Rename extends command('t.rename.v1', z.object({ id: z.string() }), z.object({ done: z.boolean() })) {}
class Forget extends command('t.forget.v1', z.object({ id: z.string() })) {}
class Renamed extends event('t.renamed.v1', z.object({ id: z.string() })) {}

describe('a message class', () => {
  it('names itself by its written type', () => {
    expect(typeOf(new Rename({ id: 'a' }))).toBe('t.rename.v1');
    expect(Renamed.kind).toBe('event');
  });

  it('gives the types of its data and its result', () => {
    expectTypeOf<DataOf<Rename>>().toEqualTypeOf<{ id: string }>();
    expectTypeOf<ResultOf<Rename>>().toEqualTypeOf<{ done: boolean }>();
    expectTypeOf<ResultOf<Forget>>().toEqualTypeOf<void>();
  });
});
