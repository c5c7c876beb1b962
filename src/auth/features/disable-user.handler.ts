import { Clock } from '@app/kernel';
import { type DataOf, Handles, MessageBus, type MessageContext } from '@app/messaging';
import { Database } from '@app/persistence';
import { DisableUser, UserDisabled } from '../contracts/index.js';
import { lastAdministrator, userNotFound } from '../domain/errors.js';
import { requireAdministrator } from '../security/require-administrator.js';
import { Sessions } from '../persistence/sessions.js';
import { Users } from '../persistence/users.js';

@Handles(DisableUser)
export class DisableUserHandler {
  constructor(
    private readonly users: Users,
    private readonly sessions: Sessions,
    private readonly bus: MessageBus,
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async handle({ userId }: DataOf<DisableUser>, context: MessageContext): Promise<void> {
    requireAdministrator(context);
    const now = this.clock.now();
    await this.db.transaction(async () => {
      // Two administrators who disable each other at once must not both succeed.
      await this.users.lock();
      const user = await this.users.find(userId);
      if (!user) throw userNotFound(userId);
      if (user.disabledAt) return;
      const administrators = await this.users.activeAdministrators();
      if (administrators.length === 1 && administrators[0] === userId) throw lastAdministrator();
      await this.users.setDisabled(userId, now);
      await this.sessions.endAllOf(userId, now);
      await this.bus.publish(new UserDisabled({ userId }), { stream: `auth.user:${userId}` });
    });
  }
}
