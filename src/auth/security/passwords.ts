import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { hash, type Options, verify } from '@node-rs/argon2';
import { bulkhead, BulkheadRejectedError } from 'cockatiel';
import { newSecret } from './secret.js';
import { busy } from '../domain/errors.js';

/** argon2id (the library's default algorithm) with OWASP's minimum. */
const COST: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const MOST_WAITING = 100;

/** Hashes and checks passwords, few at a time: each takes 19 MiB and a thread that files and lookups share. */
@Injectable()
export class Passwords {
  private readonly turns = bulkhead(Math.max(1, Math.min(3, availableParallelism() - 1)), MOST_WAITING);
  private nobodys: Promise<string> | undefined;

  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password.normalize('NFKC'), COST));
  }

  /** Takes as long for an account that does not exist, so that time tells nothing. */
  async check(password: string, storedHash: string | undefined): Promise<boolean> {
    const against = storedHash ?? (await (this.nobodys ??= this.hash(newSecret())));
    const right = await this.inTurn(() => verify(against, password.normalize('NFKC')));
    return right && storedHash !== undefined;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.turns.execute(work);
    } catch (error) {
      throw error instanceof BulkheadRejectedError ? busy() : error;
    }
  }
}
