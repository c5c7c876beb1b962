import { Inject, Injectable } from '@nestjs/common';
import { Authenticator } from '@app/http';
import { type Actor, MessageBus } from '@app/messaging';
import { AuthenticateAccessToken, AuthenticateApiKey } from '../contracts/index.js';
import { type Credential, CredentialCache } from './credential-cache.js';
import { SharedCredentials } from './shared-credentials.js';

/** How long an answer is good for, so how long a session or key that was ended elsewhere may still work here. */
const TRUST_MS = 30_000;
/** The same where processes tell each other: it costs a look at what they share, not the question. */
const TRUST_MS_SHARED = 5_000;

/**
 * API keys and access tokens. Either way the account is asked for, at most every 30 seconds a credential: what is revoked
 * or disabled stops working within that time (within 5 seconds where processes share a cache), and at once in the process
 * that did it.
 */
@Injectable()
export class AccountAuthenticator extends Authenticator {
  private readonly cache = new CredentialCache();
  /** A burst with one new token asks once. */
  private readonly pending = new Map<string, Promise<Actor | null>>();
  /** Changes with every revocation: what was asked before one may be out of date when the answer comes. */
  private revocations = 0;

  constructor(
    private readonly bus: MessageBus,
    @Inject(SharedCredentials) private readonly shared: SharedCredentials | null,
  ) {
    super();
  }

  override recall(token: string): Actor | undefined {
    return this.cache.get(CredentialCache.keyOf(token))?.actor;
  }

  authenticate(token: string): Promise<Actor | null> {
    const key = CredentialCache.keyOf(token);
    let asked = this.pending.get(key);
    if (!asked) {
      asked = this.ask(token, key).finally(() => this.pending.delete(key));
      this.pending.set(key, asked);
    }
    return asked;
  }

  /** A session, API key or account was put out of use here. */
  async forget(id: string): Promise<void> {
    this.revocations += 1;
    this.cache.forget(({ sourceId, actor }) => sourceId === id || actor.userId === id);
    await this.shared?.revoke(id);
  }

  private async ask(token: string, key: string): Promise<Actor | null> {
    const before = this.revocations;
    const known = await this.shared?.get(key);
    const found = known ?? (token.startsWith('pk_') ? await this.ofApiKey(token) : await this.ofAccessToken(token));
    if (found && this.revocations === before) {
      this.cache.set(key, this.shared ? shortened(found) : found);
      if (!known) await this.shared?.set(key, found);
    }
    return found?.actor ?? null;
  }

  private async ofApiKey(key: string): Promise<Credential | null> {
    if (key.length > 500) return null;
    const { actor, apiKeyId, expiresAt } = await this.bus.query(new AuthenticateApiKey({ key }));
    return actor && apiKeyId ? credential(actor, apiKeyId, expiresAt) : null;
  }

  private async ofAccessToken(token: string): Promise<Credential | null> {
    const { actor, sessionId, expiresAt } = await this.bus.query(new AuthenticateAccessToken({ token }));
    return actor && sessionId ? credential(actor, sessionId, expiresAt) : null;
  }
}

/** Asked again after a while, and never trusted beyond its own end. */
function credential(actor: Actor, sourceId: string, expiresAt: string | null): Credential {
  const end = expiresAt ? Date.parse(expiresAt) : Infinity;
  return { actor, sourceId, goodUntil: Math.min(Date.now() + TRUST_MS, end) };
}

const shortened = (found: Credential): Credential => ({
  ...found,
  goodUntil: Math.min(found.goodUntil, Date.now() + TRUST_MS_SHARED),
});
