import { Injectable } from '@nestjs/common';
import { Throttle, type ThrottleLimits } from '@app/cache';
import { tooManyFailures } from '../domain/errors.js';

const MINUTE = 60_000;

const pair: ThrottleLimits = { free: 5, baseMs: 5_000, maxMs: 15 * MINUTE, forgetMs: 60 * MINUTE };
// Generous, and never long: it must not lock a person out because a stranger guesses.
const account: ThrottleLimits = { free: 50, baseMs: 1_000, maxMs: 10_000, forgetMs: 60 * MINUTE };
const address: ThrottleLimits = { free: 50, baseMs: 5_000, maxMs: 5 * MINUTE, forgetMs: 15 * MINUTE };

/** Slows down guessing: one account from one address, one account from everywhere, one address at all accounts. */
@Injectable()
export class SignInThrottle {
  constructor(private readonly throttle: Throttle) {}

  /** Counts one attempt, or refuses it with `auth.too-many-failures`. */
  async attempt(email: string, from: string): Promise<void> {
    await this.one(ofAddress(from), address);
    await this.one(ofAccount(email), account);
    await this.one(ofPair(email, from), pair);
  }

  async succeeded(email: string, from: string): Promise<void> {
    await Promise.all([
      this.throttle.takeBack(ofAddress(from)),
      this.throttle.takeBack(ofAccount(email)),
      this.throttle.forget(ofPair(email, from)),
    ]);
  }

  private async one(key: string, limits: ThrottleLimits): Promise<void> {
    const waitMs = await this.throttle.attempt(key, limits);
    if (waitMs > 0) throw tooManyFailures(Math.ceil(waitMs / 1000));
  }
}

const ofAddress = (from: string) => `auth.sign-in address ${from}`;
const ofAccount = (email: string) => `auth.sign-in account ${email}`;
const ofPair = (email: string, from: string) => `auth.sign-in pair ${email} ${from}`;
