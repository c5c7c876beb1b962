import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Inboxes } from '../persistence/inboxes.js';
import { OutgoingEmails } from '../persistence/outgoing-emails.js';

const HOUR_MS = 3_600_000;

/** Once an hour: what is older than anybody looks back. */
@Injectable()
export class TidyUp implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Notifications');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly inboxes: Inboxes,
    private readonly emails: OutgoingEmails,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.tidy(), HOUR_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Never rejects; what fails now is done an hour later. */
  async tidy(): Promise<void> {
    try {
      await this.inboxes.forgetOld();
      await this.emails.forgetOld();
    } catch (err) {
      this.logger.error({ msg: 'Could not tidy up', err });
    }
  }
}
