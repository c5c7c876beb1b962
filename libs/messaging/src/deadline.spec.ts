import { getEventListeners } from 'node:events';
import { DomainError } from '@app/kernel';
import { describe, expect, it } from 'vitest';
import { Deadline } from './deadline.js';

const never = () => new Promise<never>(() => undefined);

describe('a deadline', () => {
  it('gives the outcome of what ends in time', async () => {
    using deadline = new Deadline({ what: 'It', timeoutMs: 1_000 });
    expect(await deadline.race(async () => 1)).toBe(1);
    await expect(deadline.race(() => Promise.reject(new Error('own')))).rejects.toThrow('own');
    expect(deadline.signal.aborted).toBe(false);
  });

  it('ends what takes longer, and says so', async () => {
    using deadline = new Deadline({ what: 'It', timeoutMs: 2 });
    await expect(deadline.race(never)).rejects.toMatchObject({
      kind: 'timeout',
      message: 'It did not finish within 2 ms.',
      details: { timeoutMs: 2 },
    });
    expect(deadline.signal.reason).toMatchObject({ kind: 'timeout' });
  });

  it('follows other signals, and keeps a reason that is a DomainError', async () => {
    const [plain, reasoned] = [new AbortController(), new AbortController()];
    using first = new Deadline({ what: 'It', signals: [undefined, plain.signal] });
    using second = new Deadline({ what: 'It', signals: [reasoned.signal] });
    plain.abort();
    reasoned.abort(new DomainError('unavailable', 't.gone', 'Gone.'));
    await expect(first.race(never)).rejects.toMatchObject({ code: 'platform.cancelled' });
    await expect(second.race(never)).rejects.toMatchObject({ code: 't.gone' });
  });

  it('does not start what is over before it begins', async () => {
    using deadline = new Deadline({ what: 'It', signals: [AbortSignal.abort()] });
    let started = false;
    const racing = deadline.race(async () => void (started = true));
    await expect(racing).rejects.toMatchObject({ kind: 'cancelled' });
    expect(started).toBe(false);
  });

  it('lets go of a long-lived signal when it is disposed', () => {
    const { signal } = new AbortController();
    for (let n = 0; n < 3; n++) {
      using deadline = new Deadline({ what: 'It', signals: [signal] });
      expect(deadline.signal.aborted).toBe(false);
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
