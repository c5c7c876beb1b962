import type { Actor } from '@app/messaging';

/** Knows who a bearer token stands for. */
export abstract class Authenticator {
  /** The answer of a moment ago, for what must not cost a lookup each time; undefined when there is none. */
  recall(_bearerToken: string): Actor | undefined {
    return undefined;
  }

  /** Null for a token that is wrong, expired or revoked, and for an account that is disabled. */
  abstract authenticate(bearerToken: string): Promise<Actor | null>;
}

/** For an application without accounts: every token is wrong. */
export class NobodyAuthenticator extends Authenticator {
  async authenticate(): Promise<null> {
    return null;
  }
}
