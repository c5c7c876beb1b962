import { type DataOf, OnEvent } from '@app/messaging';
import { ModelInstalled } from '../../explore/contracts/index.js';
import { Administrators } from '../persistence/administrators.js';

@OnEvent(ModelInstalled, { queue: 'notifications.notify-on-model-installed' })
export class NotifyOnModelInstalledHandler {
  constructor(private readonly administrators: Administrators) {}

  async handle({ name, default: isDefault }: DataOf<ModelInstalled>): Promise<void> {
    const text = isDefault ? `${name} answers by default.` : `${name} can be chosen in a chat.`;
    await this.administrators.tell({ kind: 'model-installed', title: 'Model installed', text });
  }
}
