import { type DataOf, type MessageContext, OnEvent } from '@app/messaging';
import { UserDisabled, UserEnabled, UserSignedUp } from '../../auth/contracts/index.js';
import { recipientUnknown } from '../domain/errors.js';
import { Recipients } from '../persistence/recipients.js';

/** One queue, so that an account's events are seen in order. */
@OnEvent<UserSignedUp | UserDisabled | UserEnabled>([UserSignedUp, UserDisabled, UserEnabled], {
  queue: 'notifications.keep-recipients-on-account-changed',
})
export class KeepRecipientsOnAccountChangedHandler {
  constructor(private readonly recipients: Recipients) {}

  async handle(
    data: DataOf<UserSignedUp> | DataOf<UserDisabled> | DataOf<UserEnabled>,
    { id, type }: MessageContext,
  ): Promise<void> {
    if ('role' in data) {
      const { userId, email, role, name = email.slice(0, email.indexOf('@')) } = data;
      return this.recipients.remember({ userId, email, role, name });
    }
    const known = await this.recipients.setDisabled(data.userId, type === UserDisabled.type, id);
    if (!known) throw recipientUnknown(data.userId);
  }
}
