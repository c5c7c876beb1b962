import { DomainError } from '@app/kernel';
import { describe, expect, it } from 'vitest';
import { resumedStream } from './resumed-stream.js';

const gone = () => new DomainError('unavailable', 'platform.interrupted', 'gone');

/** Fails before its first item. */
const never = (): AsyncIterable<number> => ({
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(gone()) }),
});

describe('a resumed stream', () => {
  it('goes on with another opening where the one before broke off', async () => {
    let last = 0;
    const open = async function* () {
      while (last < 5) {
        yield ++last;
        if (last % 2 === 0) throw gone();
      }
    };
    const seen: number[] = [];
    const away: string[] = [];
    for await (const item of resumedStream(open, { onAway: ({ code }) => away.push(code) })) seen.push(item);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(away).toEqual(['platform.interrupted', 'platform.interrupted']);
  });

  it('passes on what is no absence, and what its owner says about one', async () => {
    const broken = resumedStream(async function* () {
      yield 1;
      throw new DomainError('not-found', 'test.none', 'none');
    });
    await broken.next();
    await expect(broken.next()).rejects.toMatchObject({ code: 'test.none' });
    const given = resumedStream(never, {
      onAway: (error) => {
        throw error;
      },
    });
    await expect(given.next()).rejects.toMatchObject({ code: 'platform.interrupted' });
  });

  it('ends when it is told to, while it waits', async () => {
    const leaving = new AbortController();
    const stream = resumedStream(never, { signal: leaving.signal, onAway: () => leaving.abort() });
    await expect(stream.next()).rejects.toThrow();
  });
});
