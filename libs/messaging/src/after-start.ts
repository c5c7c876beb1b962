import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { runDetached } from './context.js';

/** By then the first requests of who waited for the start are answered. */
const DELAY_MS = 1_000;

interface Piece {
  /** For the log, when it fails. */
  what: string;
  work: () => Promise<void>;
}

/**
 * What a start has to do and no request waits for. On the embedded database the first requests would wait for it: so it is
 * done a second later, one piece after the other. What fails is logged, and done at the next start.
 */
@Injectable()
export class AfterStart implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Start');
  private readonly pieces: Piece[] = [];
  private timer: NodeJS.Timeout | undefined;
  private doing: Promise<void> = Promise.resolve();
  private due = false;

  /** For a module to call while it starts; what comes late is done at once. */
  add(what: string, work: () => Promise<void>): void {
    this.pieces.push({ what, work });
    if (this.due) void this.now();
  }

  onApplicationBootstrap(): void {
    this.timer = setTimeout(() => void this.now(), DELAY_MS).unref();
  }

  /** Does what is left at once. Never rejects. */
  now(): Promise<void> {
    this.due = true;
    return (this.doing = this.doing.then(() => runDetached(() => this.doAll())));
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.pieces.length = 0;
    this.due = false;
    await this.doing;
  }

  private async doAll(): Promise<void> {
    for (let piece = this.pieces.shift(); piece; piece = this.pieces.shift()) {
      try {
        await piece.work();
      } catch (err) {
        this.logger.error({ msg: `Could not ${piece.what}`, err });
      }
    }
  }
}
