import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '@app/config';
import { Clock, newId } from '@app/kernel';
import { MessageBus } from '@app/messaging';
import { Database } from '@app/persistence';
import { Scope, UserSignedUp } from '../contracts/index.js';
import { nameFromEmail, normalizeEmail, type User } from '../domain/user.js';
import { ApiKeys } from '../persistence/api-keys.js';
import { Users } from '../persistence/users.js';
import { Passwords } from '../security/passwords.js';
import { digestOf, visiblePrefix } from '../security/secret.js';

/**
 * Set-up without a person: AUTH_ADMIN_EMAIL and AUTH_ADMIN_PASSWORD make that administrator if the account is not there,
 * AUTH_API_KEY is a key of theirs with all scopes. The same at every start; a key that the environment no longer names
 * is gone, and a password that was changed since stays.
 */
@Injectable()
export class SetUpAdministrator implements OnApplicationBootstrap {
  private readonly logger = new Logger('Auth');

  constructor(
    private readonly users: Users,
    private readonly keys: ApiKeys,
    private readonly passwords: Passwords,
    private readonly bus: MessageBus,
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { adminEmail, adminPassword, apiKey } = this.config.auth;
    const admin = adminEmail && adminPassword ? await this.administrator(adminEmail, adminPassword) : undefined;
    await this.setKey(admin, apiKey);
  }

  private async administrator(address: string, password: string): Promise<User> {
    const email = normalizeEmail(address);
    const present = await this.users.findByEmail(email);
    if (present) return this.checked(present.user);
    const passwordHash = await this.passwords.hash(password);
    const createdAt = this.clock.now();
    const user: User = { id: newId(), email, name: nameFromEmail(email), role: 'admin', createdAt, disabledAt: null };
    const added = await this.db.transaction(async () => {
      await this.users.lock();
      if (!(await this.users.add(user, passwordHash))) return false;
      await this.bus.publish(new UserSignedUp({ userId: user.id, email, name: user.name, role: 'admin' }), {
        stream: `auth.user:${user.id}`,
      });
      return true;
    });
    // Another process that started at the same moment was first.
    if (!added) return this.administrator(email, password);
    this.logger.log(`Made the administrator ${email}`);
    return user;
  }

  private checked(user: User): User {
    if (user.role !== 'admin') this.logger.warn('AUTH_ADMIN_EMAIL names an account that is not an administrator');
    return user;
  }

  private async setKey(admin: User | undefined, key: string | undefined): Promise<void> {
    const digest = admin && key ? digestOf(key) : null;
    const present = await this.keys.digestsFromEnvironment();
    if (present.some((other) => other !== digest)) await this.keys.dropFromEnvironmentExcept(digest);
    if (digest && present.includes(digest)) return;
    if (!admin || !key || !digest) return;
    await this.keys.add({
      id: newId(),
      userId: admin.id,
      name: 'AUTH_API_KEY',
      digest,
      prefix: visiblePrefix(key),
      scopes: Scope.options,
      origin: 'environment',
      now: this.clock.now(),
      expiresAt: null,
    });
  }
}
