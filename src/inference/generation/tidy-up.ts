import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '@app/persistence';
import { Completions } from '../completions/completions.js';
import { CompactedLogs } from '../persistence/compacted-logs.js';
import { Generations } from '../persistence/generations.js';

const EVERY_MS = 60_000;

/**
 * Once a minute: requests of `/v1` that can no longer be sent again go, with what was answered, and the logs of answers that
 * ended some time ago are put together.
 */
@Injectable()
export class TidyUp implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Inference');
  private timer: NodeJS.Timeout | undefined;
  private tidying: Promise<void> = Promise.resolve();

  constructor(
    private readonly db: Database,
    private readonly completions: Completions,
    private readonly generations: Generations,
    private readonly logs: CompactedLogs,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.tidying = this.tidying.then(() => this.tidy());
    }, EVERY_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.tidying;
  }

  /** Never rejects; what fails now is done a minute later. */
  async tidy(): Promise<void> {
    try {
      await this.db.transaction(async () => this.generations.forget(await this.completions.removeExpired()));
      await this.logs.compact();
    } catch (err) {
      this.logger.warn({ msg: 'Could not tidy up', err });
    }
  }
}
