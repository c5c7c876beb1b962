import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { MessageBus } from '@app/messaging';
import { GetCapacity } from '../../inference/contracts/index.js';
import type { Machine } from './judge.js';

/** A page waits for it. */
const DEADLINE_MS = 3_000;

/** A list does not wait for what it knew so long ago. */
const FRESH_MS = 10_000;

/** What the machine that would answer has; null while no service that runs models lives. */
@Injectable()
export class Capacity {
  private readonly logger = new Logger('Explore');

  private last: Promise<Machine | null> | null = null;
  private askedAt = -Infinity;

  constructor(private readonly bus: MessageBus) {}

  /** As it was a moment ago: asked anew in the background, waited for only the first time. */
  lately(): Promise<Machine | null> {
    if (performance.now() - this.askedAt < FRESH_MS && this.last) return this.last;
    this.askedAt = performance.now();
    const asked = this.machine();
    if (!this.last) this.last = asked;
    else
      asked.then(
        () => (this.last = asked),
        (error: unknown) => this.logger.error({ msg: 'The capacity for models could not be asked.', err: error }),
      );
    return this.last;
  }

  async machine(): Promise<Machine | null> {
    try {
      return await this.bus.query(new GetCapacity({}), { timeoutMs: DEADLINE_MS });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.logger.debug({ msg: 'The capacity for models could not be asked.', code: error.code });
      return null;
    }
  }
}
