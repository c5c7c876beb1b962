import { hash } from 'node:crypto';
import type { Actor } from '@app/messaging';

export interface Credential {
  actor: Actor;
  /** Session or API key, so that ending one can be seen at once. */
  sourceId: string;
  /** Milliseconds since the epoch; asked again after. */
  goodUntil: number;
}

const MOST_CREDENTIALS = 10_000;

/** Who stood behind a token a moment ago, by the token's SHA-256: no secret is kept, and comparing leaks no time. */
export class CredentialCache {
  private readonly entries = new Map<string, Credential>();

  static keyOf(token: string): string {
    return hash('sha256', token, 'base64');
  }

  get(key: string): Credential | undefined {
    const found = this.entries.get(key);
    if (!found || found.goodUntil > Date.now()) return found;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, credential: Credential): void {
    if (this.entries.size >= MOST_CREDENTIALS) this.dropOldest();
    this.entries.set(key, credential);
  }

  forget(matches: (credential: Credential) => boolean): void {
    for (const [key, credential] of this.entries) if (matches(credential)) this.entries.delete(key);
  }

  private dropOldest(): void {
    const oldest = this.entries.keys().next();
    if (!oldest.done) this.entries.delete(oldest.value);
  }
}
