import { type Cache, MemoryCaches } from '@app/cache';
import type { Actor, MessageBus } from '@app/messaging';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { AccountAuthenticator } from './account-authenticator.js';
import { CredentialCache } from './credential-cache.js';
import { SharedCredentials } from './shared-credentials.js';

const actor: Actor = { userId: 'ada', role: 'user', scopes: ['inference'] };
const key = CredentialCache.keyOf('pk_1');
const credential = { actor, sourceId: 'k1', goodUntil: Date.now() + 30_000 };

/** Two processes see the same entries. */
class OneCaches extends MemoryCaches {
  private readonly opened = new Map<string, Cache<unknown>>();
  override open<T>(name: string, schema: z.ZodType<T>) {
    const cache = this.opened.get(name) ?? super.open(name, schema);
    this.opened.set(name, cache);
    return cache as Cache<T>;
  }
}

describe('shared credentials', () => {
  let caches: OneCaches;
  let shared: SharedCredentials;
  beforeEach(() => {
    caches = new OneCaches();
    shared = new SharedCredentials(caches, 'a secret of thirty-two characters');
  });

  it('are seen by another process', async () => {
    await shared.set(key, credential);
    expect(await new SharedCredentials(caches, 'a secret of thirty-two characters').get(key)).toEqual(credential);
  });

  it.each(['k1', 'ada'])('are void once %s is revoked, also those that come late', async (id) => {
    await shared.set(key, credential);
    await shared.revoke(id);
    expect(await shared.get(key)).toBeUndefined();
    await shared.set(key, credential);
    expect(await shared.get(key)).toBeUndefined();
  });

  it('are trusted neither from another installation, nor changed, nor under another token', async () => {
    await new SharedCredentials(caches, 'another secret of thirty-two chars').set(key, credential);
    expect(await shared.get(key)).toBeUndefined();

    await shared.set(key, credential);
    const raw = caches.open('auth.credentials', z.object({ body: z.string(), seal: z.string() }));
    const stored = await raw.get(key);
    await raw.set('other', stored!, 60_000);
    expect(await shared.get('other')).toBeUndefined();
    await raw.set(key, { ...stored!, body: stored!.body.replace('user', 'admin') }, 60_000);
    expect(await shared.get(key)).toBeUndefined();
  });

  it('spare a second process the question, and tell it of a revocation', async () => {
    const query = vi.fn().mockResolvedValue({ actor, apiKeyId: 'k1', expiresAt: null });
    const [one, other, third] = [1, 2, 3].map(
      () => new AccountAuthenticator({ query } as unknown as MessageBus, shared),
    );
    await one!.authenticate('pk_1');
    expect(await other!.authenticate('pk_1')).toEqual(actor);
    expect(query).toHaveBeenCalledTimes(1);
    await one!.forget('k1');
    await third!.authenticate('pk_1');
    expect(query).toHaveBeenCalledTimes(2);
  });
});
