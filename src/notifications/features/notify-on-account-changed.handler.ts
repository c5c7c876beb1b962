import { type DataOf, type MessageContext, OnEvent } from '@app/messaging';
import { UserDisabled, UserEnabled } from '../../auth/contracts/index.js';
import { recipientUnknown } from '../domain/errors.js';
import { Notices } from '../persistence/notices.js';
import { Recipients } from '../persistence/recipients.js';

/** The person it happens to, by e-mail even while disabled, and the administrators who did not do it. */
@OnEvent<UserDisabled | UserEnabled>([UserDisabled, UserEnabled], {
  queue: 'notifications.notify-on-account-changed',
  attempts: 8,
})
export class NotifyOnAccountChangedHandler {
  constructor(
    private readonly notices: Notices,
    private readonly recipients: Recipients,
  ) {}

  async handle({ userId }: DataOf<UserDisabled>, { id, type, actor }: MessageContext): Promise<void> {
    const person = await this.recipients.find(userId);
    if (!person) throw recipientUnknown(userId);
    const disabled = type === UserDisabled.type;
    // Administrators first: everybody is locked in the same order, whoever tells.
    const where = { path: '/account' } as const;
    await this.notices.tellAdministrators(
      id,
      disabled
        ? { kind: 'user-disabled', title: 'Account disabled', text: `${person.email} can no longer sign in.`, ...where }
        : { kind: 'user-enabled', title: 'Account enabled', text: `${person.email} can sign in again.`, ...where },
      [userId, actor?.userId],
    );
    await this.notices.tell(
      id,
      userId,
      disabled
        ? {
            kind: 'account-disabled',
            title: 'Your account was disabled',
            text: 'An administrator disabled it: you cannot sign in, and your API keys do not work.',
            ...where,
          }
        : {
            kind: 'account-enabled',
            title: 'Your account is enabled again',
            text: 'An administrator enabled it: you can sign in, and your API keys work.',
            ...where,
          },
    );
  }
}
