import { type DataOf, Handles, MessageBus, type MessageContext } from '@app/messaging';
import { EnableUser, UserEnabled } from '../contracts/index.js';
import { userNotFound } from '../domain/errors.js';
import { requireAdministrator } from '../security/require-administrator.js';
import { Users } from '../persistence/users.js';

/** Its API keys work again; its sessions stay ended. */
@Handles(EnableUser)
export class EnableUserHandler {
  constructor(
    private readonly users: Users,
    private readonly bus: MessageBus,
  ) {}

  async handle({ userId }: DataOf<EnableUser>, context: MessageContext): Promise<void> {
    requireAdministrator(context);
    const user = await this.users.find(userId);
    if (!user) throw userNotFound(userId);
    if (!user.disabledAt) return;
    await this.users.setDisabled(userId, null);
    await this.bus.publish(new UserEnabled({ userId }), { stream: `auth.user:${userId}` });
  }
}
