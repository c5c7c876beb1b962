import { type DataOf, OnEvent } from '@app/messaging';
import { InstallFailed } from '../../explore/contracts/index.js';
import { Administrators } from '../persistence/administrators.js';

@OnEvent(InstallFailed, { queue: 'notifications.notify-on-install-failed' })
export class NotifyOnInstallFailedHandler {
  constructor(private readonly administrators: Administrators) {}

  async handle({ message }: DataOf<InstallFailed>): Promise<void> {
    await this.administrators.tell({ kind: 'install-failed', title: 'Model not installed', text: message });
  }
}
