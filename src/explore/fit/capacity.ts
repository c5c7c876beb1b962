import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { MessageBus } from '@app/messaging';
import { GetCapacity } from '../../inference/contracts/index.js';
import type { Machine } from './judge.js';

/** A page waits for it. */
const DEADLINE_MS = 3_000;

/** What the machine that would answer has; null while no service that runs models lives. */
@Injectable()
export class Capacity {
  private readonly logger = new Logger('Explore');

  constructor(private readonly bus: MessageBus) {}

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
