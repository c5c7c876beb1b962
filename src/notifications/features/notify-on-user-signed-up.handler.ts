import { type DataOf, OnEvent } from '@app/messaging';
import { UserSignedUp } from '../../auth/contracts/index.js';
import { Administrators } from '../persistence/administrators.js';

@OnEvent(UserSignedUp, { queue: 'notifications.notify-on-user-signed-up' })
export class NotifyOnUserSignedUpHandler {
  constructor(private readonly administrators: Administrators) {}

  async handle({ userId, email, role }: DataOf<UserSignedUp>): Promise<void> {
    const text = role === 'admin' ? `${email} is an administrator.` : `${email} can chat now.`;
    await this.administrators.tell({ kind: 'user-signed-up', title: 'New account', text }, userId);
  }
}
