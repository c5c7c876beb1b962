import type { Clock } from '@app/kernel';
import { FailureThrottle } from './failure-throttle.js';

const MINUTE = 60_000;

/** Slows down guessing: one account from one address, one account from everywhere, one address at all accounts. */
export class SignInThrottle {
  private readonly pairs: FailureThrottle;
  private readonly accounts: FailureThrottle;
  private readonly addresses: FailureThrottle;

  constructor(clock: Clock) {
    this.pairs = new FailureThrottle(clock, { free: 5, baseMs: 5_000, maxMs: 15 * MINUTE, forgetMs: 60 * MINUTE });
    // Generous, and never long: it must not lock a person out because a stranger guesses.
    this.accounts = new FailureThrottle(clock, { free: 50, baseMs: 1_000, maxMs: 10_000, forgetMs: 60 * MINUTE });
    this.addresses = new FailureThrottle(clock, { free: 50, baseMs: 5_000, maxMs: 5 * MINUTE, forgetMs: 15 * MINUTE });
  }

  attempt(email: string, address: string): void {
    this.addresses.attempt(address);
    this.accounts.attempt(email);
    this.pairs.attempt(`${email} ${address}`);
  }

  succeeded(email: string, address: string): void {
    this.addresses.takeBack(address);
    this.accounts.takeBack(email);
    this.pairs.forget(`${email} ${address}`);
  }
}
