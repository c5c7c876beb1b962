import type { Actor } from '@app/messaging';

/** Knows who a bearer token stands for. Asked once a request, so it must be quick: cache, and answer without a promise. */
export abstract class Authenticator {
  /** Null for a token that is wrong, expired or revoked, and for an account that is disabled. */
  abstract authenticate(bearerToken: string): Actor | null | Promise<Actor | null>;
}

/** For an application without accounts: every token is wrong. */
export class NobodyAuthenticator extends Authenticator {
  authenticate(): null {
    return null;
  }
}
