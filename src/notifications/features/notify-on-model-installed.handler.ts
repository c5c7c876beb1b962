import { type DataOf, type MessageContext, OnEvent } from '@app/messaging';
import { ModelInstalled } from '../../explore/contracts/index.js';
import { Notices } from '../persistence/notices.js';

@OnEvent(ModelInstalled, { queue: 'notifications.notify-on-model-installed' })
export class NotifyOnModelInstalledHandler {
  constructor(private readonly notices: Notices) {}

  async handle({ name, default: isDefault }: DataOf<ModelInstalled>, { id }: MessageContext): Promise<void> {
    const text = isDefault ? `${name} answers by default.` : `${name} can be chosen in a chat.`;
    const note = { kind: 'model-installed', title: 'Model installed', text, path: '/models' } as const;
    await this.notices.tellAdministrators(id, note);
  }
}
