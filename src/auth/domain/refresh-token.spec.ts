import { describe, expect, it } from 'vitest';
import { decideRotation, GRACE_MS, type StoredRefreshToken } from './refresh-token.js';

const now = new Date('2026-01-01T12:00:00Z');
const before = (ms: number) => new Date(now.getTime() - ms);
const fresh: StoredRefreshToken = {
  usedAt: null,
  expiresAt: new Date(now.getTime() + 1),
  sessionEndedAt: null,
  userDisabledAt: null,
};

describe('a refresh token', () => {
  it.each<[string, Partial<StoredRefreshToken>, string]>([
    ['is changed for a new one', {}, 'rotate'],
    ['is changed again within the grace of two tabs', { usedAt: before(GRACE_MS) }, 'rotate'],
    ['that comes again later was stolen', { usedAt: before(GRACE_MS + 1) }, 'reused'],
    ['that expired is of no use', { expiresAt: now }, 'ended'],
    ['of a session that was ended is of no use', { sessionEndedAt: before(1) }, 'ended'],
    ['of a disabled account is of no use', { userDisabledAt: before(1) }, 'ended'],
    ['of an ended session raises no second alarm', { sessionEndedAt: before(1), usedAt: before(99_999) }, 'ended'],
  ])('%s', (_what, change, decision) => {
    expect(decideRotation({ ...fresh, ...change }, now)).toBe(decision);
  });
});
