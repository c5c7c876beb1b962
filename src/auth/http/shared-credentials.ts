import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Cache, Caches } from '@app/cache';
import { z } from 'zod';
import type { Credential } from './credential-cache.js';

/**
 * A revocation outlives every answer from before it: an answer is good for 30 seconds, and the question may have taken as
 * long again.
 */
const REVOKED_MS = 120_000;

const Sealed = z.object({ body: z.string(), seal: z.string() });
const Body = z.object({
  actor: z.object({ userId: z.string(), role: z.enum(['admin', 'user']), scopes: z.array(z.string()).optional() }),
  sourceId: z.string(),
  goodUntil: z.number(),
});

/**
 * Who stood behind a token a moment ago, as any process found out, and what was revoked since. Each answer is sealed with
 * the key of the installation, for its own token alone: who can write to the cache can make nobody an administrator.
 */
export class SharedCredentials {
  private readonly credentials: Cache<z.output<typeof Sealed>>;
  private readonly revoked: Cache<true>;

  constructor(
    caches: Caches,
    private readonly secret: string,
  ) {
    this.credentials = caches.open('auth.credentials', Sealed);
    this.revoked = caches.open('auth.revocations', z.literal(true));
  }

  async get(key: string): Promise<Credential | undefined> {
    const sealed = await this.credentials.get(key);
    if (!sealed || !this.isOurs(key, sealed)) return undefined;
    const found = Body.safeParse(JSON.parse(sealed.body)).data;
    if (!found || found.goodUntil <= Date.now()) return undefined;
    const revoked = await Promise.all([found.sourceId, found.actor.userId].map((id) => this.revoked.get(id)));
    return revoked.some(Boolean) ? undefined : found;
  }

  async set(key: string, credential: Credential): Promise<void> {
    const body = JSON.stringify(credential);
    const seal = this.sealOf(key, body).toString('base64');
    await this.credentials.set(key, { body, seal }, credential.goodUntil - Date.now());
  }

  /** @param id of a session, an API key or an account */
  async revoke(id: string): Promise<void> {
    await this.revoked.set(id, true, REVOKED_MS);
  }

  private isOurs(key: string, { body, seal }: z.output<typeof Sealed>): boolean {
    const [given, right] = [Buffer.from(seal, 'base64'), this.sealOf(key, body)];
    return given.length === right.length && timingSafeEqual(given, right);
  }

  private sealOf(key: string, body: string): Buffer {
    return createHmac('sha256', `${this.secret} shared credentials`).update(`${key} ${body}`).digest();
  }
}
