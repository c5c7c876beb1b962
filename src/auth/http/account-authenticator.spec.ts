import type { Actor, MessageBus } from '@app/messaging';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccountAuthenticator } from './account-authenticator.js';

const actor: Actor = { userId: 'ada', role: 'user', scopes: ['inference'] };

describe('the authenticator of accounts', () => {
  const query = vi.fn();
  let authenticator: AccountAuthenticator;
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
    query.mockReset().mockResolvedValue({ actor, apiKeyId: 'k1', expiresAt: null });
    authenticator = new AccountAuthenticator({ query } as unknown as MessageBus, null);
  });
  afterEach(() => vi.useRealTimers());

  it('asks once for a burst with one key, and answers at once for 30 seconds', async () => {
    await Promise.all([authenticator.authenticate('pk_1'), authenticator.authenticate('pk_1')]);
    vi.setSystemTime(1_000_000 + 29_999);
    expect(authenticator.recall('pk_1')).toBe(actor);
    expect(query).toHaveBeenCalledTimes(1);
    vi.setSystemTime(1_000_000 + 30_000);
    expect(authenticator.recall('pk_1')).toBeUndefined();
    await authenticator.authenticate('pk_1');
    expect(query).toHaveBeenCalledTimes(2);
  });

  it('trusts no credential beyond its own end', async () => {
    query.mockResolvedValue({ actor, apiKeyId: 'k1', expiresAt: new Date(1_005_000).toISOString() });
    await authenticator.authenticate('pk_1');
    vi.setSystemTime(1_005_000);
    expect(authenticator.recall('pk_1')).toBeUndefined();
  });

  it.each(['s1', 'ada'])('forgets a credential by %s', async (id) => {
    query.mockResolvedValue({ actor, sessionId: 's1', expiresAt: new Date(1_900_000).toISOString() });
    await authenticator.authenticate('a.b.c');
    expect(authenticator.recall('a.b.c')).toBe(actor);
    await authenticator.forget(id);
    expect(authenticator.recall('a.b.c')).toBeUndefined();
  });

  it('keeps no answer that was asked for before a revocation', async () => {
    const asked = authenticator.authenticate('pk_1');
    await authenticator.forget('k1');
    await asked;
    expect(authenticator.recall('pk_1')).toBeUndefined();
  });

  it('keeps no refusal', async () => {
    query.mockResolvedValue({ actor: null, apiKeyId: null, expiresAt: null });
    expect(await authenticator.authenticate('pk_1')).toBeNull();
    expect(authenticator.recall('pk_1')).toBeUndefined();
  });

  it('asks about keys and tokens by different questions', async () => {
    await authenticator.authenticate('pk_1');
    await authenticator.authenticate('a.b.c');
    const asked = query.mock.calls.map(([message]) => (message as { type: string }).type);
    expect(asked).toEqual(['auth.authenticate-api-key.v1', 'auth.authenticate-access-token.v1']);
  });
});
