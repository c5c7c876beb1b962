import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '@app/persistence';
import { Generations } from '../persistence/generations.js';
import { Completions } from './completions.js';

const EVERY_MS = 60_000;

/** Once a minute: requests of `/v1` that can no longer be sent again go, with what was answered. */
@Injectable()
export class ForgetExpired implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Inference');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: Database,
    private readonly completions: Completions,
    private readonly generations: Generations,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.forget(), EVERY_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Never rejects; what fails now is done a minute later. */
  async forget(): Promise<void> {
    try {
      await this.db.transaction(async () => this.generations.forget(await this.completions.removeExpired()));
    } catch (err) {
      this.logger.warn({ msg: 'Could not forget expired completions', err });
    }
  }
}
