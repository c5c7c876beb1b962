import { type DataOf, type MessageContext, OnEvent } from '@app/messaging';
import { UserSignedIn } from '../../auth/contracts/index.js';
import { browserName } from '../domain/browser-name.js';
import { recipientUnknown } from '../domain/errors.js';
import { Notices } from '../persistence/notices.js';

const time = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

@OnEvent(UserSignedIn, { queue: 'notifications.notify-on-user-signed-in', attempts: 8 })
export class NotifyOnUserSignedInHandler {
  constructor(private readonly notices: Notices) {}

  async handle({ userId, address, userAgent, at }: DataOf<UserSignedIn>, { id }: MessageContext): Promise<void> {
    const facts = [
      browserName(userAgent),
      address && `from the address ${address}`,
      `on ${time.format(at ? new Date(at) : new Date())} UTC`,
    ];
    const known = await this.notices.tell(id, userId, {
      kind: 'signed-in',
      title: 'New sign-in to your account',
      text: `${facts.filter(Boolean).join(', ')}. If this was not you, tell an administrator at once.`,
      path: '/account',
    });
    if (!known) throw recipientUnknown(userId);
  }
}
