import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Sealer, settledPosition } from '@app/audit';
import { runDetached } from '@app/messaging';
import { Database } from '@app/persistence';
import { UsageCounters } from '../usage/usage-counters.js';

const LOOK_MS = 1_000;

/** Follows the events as they settle: seals them, and counts them. Any number of processes may do so at once. */
@Injectable()
export class AuditFollower implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Audit');
  private readonly sealer: Sealer;
  private timer: NodeJS.Timeout | undefined;
  private following: Promise<void> | undefined;
  private stopped = false;
  private failing = false;

  constructor(
    private readonly db: Database,
    private readonly usage: UsageCounters,
  ) {
    this.sealer = new Sealer(db);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.following;
  }

  /** Everything that settled by now is sealed and counted when it resolves, unless another process is at it. */
  async catchUp(): Promise<void> {
    await this.following;
    await runDetached(() => this.follow());
  }

  /** The beat: never rejects, and skips a turn while the one before goes on. */
  private look(): Promise<void> {
    return (this.following ??= runDetached(() => this.follow())
      .then(
        () => void (this.failing = false),
        (err: unknown) => {
          if (!this.failing) this.logger.warn({ msg: 'Could not follow the events: will be tried again', err });
          this.failing = true;
        },
      )
      .finally(() => (this.following = undefined)));
  }

  private async follow(): Promise<void> {
    if (this.stopped) return;
    const position = await settledPosition(this.db);
    if (position === null) return;
    await this.sealer.seal(position);
    await this.usage.follow(position);
  }
}
