import { type DataOf, type MessageContext, OnEvent } from '@app/messaging';
import { UserDisabled, UserEnabled, UserSignedUp } from '../../auth/contracts/index.js';
import { Administrators } from '../persistence/administrators.js';

/** One queue, so that an account's events are seen in order. */
@OnEvent<UserSignedUp | UserDisabled | UserEnabled>([UserSignedUp, UserDisabled, UserEnabled], {
  queue: 'notifications.keep-administrators-on-account-changed',
})
export class KeepAdministratorsOnAccountChangedHandler {
  constructor(private readonly administrators: Administrators) {}

  async handle(
    data: DataOf<UserSignedUp> | DataOf<UserDisabled> | DataOf<UserEnabled>,
    { type }: MessageContext,
  ): Promise<void> {
    if ('role' in data) {
      if (data.role === 'admin') await this.administrators.remember(data.userId, data.email);
    } else await this.administrators.setDisabled(data.userId, type === UserDisabled.type);
  }
}
