import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Recipients } from '../persistence/recipients.js';

/** After the queues are there: what is stored before this look is read by it, what comes later is delivered. */
@Injectable()
export class CatchUpOnBoot implements OnApplicationBootstrap {
  private readonly logger = new Logger('Notifications');

  constructor(private readonly recipients: Recipients) {}

  async onApplicationBootstrap(): Promise<void> {
    const added = await this.recipients.catchUp();
    if (added > 0) this.logger.log({ msg: `Read ${added} accounts from the stored events`, added });
  }
}
