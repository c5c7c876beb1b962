import { MemoryRateLimiter } from '@app/cache';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WrongTokens } from './wrong-tokens.js';

describe('wrong tokens', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('of one address are looked up so often a minute and no more', async () => {
    const wrong = new WrongTokens(new MemoryRateLimiter(), 2);
    for (let i = 0; i < 2; i++) {
      expect(await wrong.refusal('a')).toBeUndefined();
      await wrong.add('a');
    }
    vi.setSystemTime(1_010_000);
    expect(await wrong.refusal('a')).toMatchObject({ kind: 'rate-limited', details: { retryAfterSeconds: 50 } });
    expect(await wrong.refusal('b')).toBeUndefined();
    vi.setSystemTime(1_060_000);
    expect(await wrong.refusal('a')).toBeUndefined();
    await wrong.add('a');
    expect(await wrong.refusal('a')).toBeUndefined();
  });
});
