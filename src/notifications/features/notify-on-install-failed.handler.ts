import { type DataOf, type MessageContext, OnEvent } from '@app/messaging';
import { InstallFailed } from '../../explore/contracts/index.js';
import { Notices } from '../persistence/notices.js';

@OnEvent(InstallFailed, { queue: 'notifications.notify-on-install-failed' })
export class NotifyOnInstallFailedHandler {
  constructor(private readonly notices: Notices) {}

  async handle({ message }: DataOf<InstallFailed>, { id }: MessageContext): Promise<void> {
    const note = { kind: 'install-failed', title: 'Model not installed', text: message, path: '/models' } as const;
    await this.notices.tellAdministrators(id, note);
  }
}
