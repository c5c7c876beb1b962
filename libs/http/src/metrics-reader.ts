import { createHash, timingSafeEqual } from 'node:crypto';
import type { Actor } from '@app/messaging';
import { Authenticator } from './authenticator.js';

/** Whoever shows the metrics token. Its scope is that of no route, so nothing else opens to it. */
export const metricsReader: Actor = Object.freeze({ userId: 'metrics', role: 'user', scopes: ['metrics'] });

/** Knows the metrics token beside those of accounts: services that keep no accounts are scraped, too. */
export class MetricsAuthenticator extends Authenticator {
  private readonly digest: Buffer;

  constructor(
    metricsToken: string,
    private readonly accounts: Authenticator,
  ) {
    super();
    this.digest = digestOf(metricsToken);
  }

  override recall(bearerToken: string): Actor | undefined {
    return timingSafeEqual(digestOf(bearerToken), this.digest) ? metricsReader : this.accounts.recall(bearerToken);
  }

  authenticate(bearerToken: string): Promise<Actor | null> {
    return this.accounts.authenticate(bearerToken);
  }
}

const digestOf = (token: string) => createHash('sha256').update(token).digest();
