import { type DataOf, type MessageContext, OnEvent } from '@app/messaging';
import { UserSignedUp } from '../../auth/contracts/index.js';
import { Notices } from '../persistence/notices.js';

@OnEvent(UserSignedUp, { queue: 'notifications.notify-on-user-signed-up' })
export class NotifyOnUserSignedUpHandler {
  constructor(private readonly notices: Notices) {}

  async handle({ userId, email, role }: DataOf<UserSignedUp>, { id }: MessageContext): Promise<void> {
    const text = role === 'admin' ? `${email} is an administrator.` : `${email} can chat now.`;
    const note = { kind: 'user-signed-up', title: 'New account', text, path: '/account' } as const;
    await this.notices.tellAdministrators(id, note, [userId]);
  }
}
