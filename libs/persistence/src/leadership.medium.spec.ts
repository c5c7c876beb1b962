import { type TestDatabase, testDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Leadership } from './leadership.js';

describe.runIf(testDatabaseKinds.includes('postgres'))('the lead among processes on one PostgreSQL', () => {
  let test: TestDatabase;
  const lines: Leadership[] = [];
  /** What happened, in order. */
  let seen: string[] = [];
  beforeAll(async () => void (test = await testDatabase('postgres')));
  afterEach(async () => {
    await Promise.all(lines.splice(0).map((line) => line.stop()));
    seen = [];
  });
  afterAll(() => test.dispose());

  /** Somebody in the line, whose work takes `endsAfter` to come to its end. */
  function joins(name: string, options: { first?: boolean } = {}, endsAfter: Promise<unknown> = Promise.resolve()) {
    const elected = (lost: AbortSignal) => {
      seen.push(`${name} begins`);
      lost.addEventListener('abort', () => seen.push(`${name} is told`), { once: true });
      return async () => {
        await endsAfter;
        seen.push(`${name} is done`);
      };
    };
    const line = new Leadership(test.url, 'test', elected, { checkMs: 50, ...options });
    lines.push(line);
    return line;
  }

  it('goes to the next in the line when it is given back', async () => {
    const one = joins('one');
    await expect.poll(() => seen).toEqual(['one begins']);
    joins('two');
    await one.stop();
    await expect.poll(() => seen).toEqual(['one begins', 'one is told', 'one is done', 'two begins']);
  });

  it('goes to who has the best place for it, when the work before has come to its end', async () => {
    const { promise: ends, resolve: end } = Promise.withResolvers<void>();
    joins('one', {}, ends);
    await expect.poll(() => seen).toEqual(['one begins']);
    joins('another');
    joins('best', { first: true });
    await expect.poll(() => seen).toEqual(['one begins', 'one is told']);
    end();
    await expect.poll(() => seen.at(-1)).toBe('best begins');
    expect(seen).toEqual(['one begins', 'one is told', 'one is done', 'best begins']);
  });

  it('stays with who has the best place, also when another one has', async () => {
    const one = joins('best', { first: true });
    await expect.poll(() => seen).toEqual(['best begins']);
    joins('as good', { first: true });
    joins('another');
    await one.stop();
    await expect.poll(() => seen.at(-1)).toBe('as good begins');
  });
});
