import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { AfterStart } from '@app/messaging';
import { Recipients } from '../persistence/recipients.js';

/** After the queues are there: what is stored before this look is read by it, what comes later is delivered. */
@Injectable()
export class CatchUpOnBoot implements OnModuleInit {
  private readonly logger = new Logger('Notifications');

  constructor(
    private readonly recipients: Recipients,
    private readonly afterStart: AfterStart,
  ) {}

  onModuleInit(): void {
    this.afterStart.add('read the accounts from the stored events', () => this.catchUp());
  }

  private async catchUp(): Promise<void> {
    const added = await this.recipients.catchUp();
    if (added > 0) this.logger.log({ msg: `Read ${added} accounts from the stored events`, added });
  }
}
