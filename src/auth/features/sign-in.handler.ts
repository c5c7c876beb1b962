import { Clock } from '@app/kernel';
import { type DataOf, Handles, MessageBus, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { SignIn, UserSignedIn } from '../contracts/index.js';
import { wrongCredentials } from '../domain/errors.js';
import { Users } from '../persistence/users.js';
import { Passwords } from '../security/passwords.js';
import { SessionIssuer } from '../security/session-issuer.js';
import { SignInThrottle } from '../security/sign-in-throttle.js';

@Handles(SignIn, { transaction: false })
export class SignInHandler {
  constructor(
    private readonly throttle: SignInThrottle,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly sessions: SessionIssuer,
    private readonly bus: MessageBus,
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async handle({ email, password, address: from, userAgent }: DataOf<SignIn>): Promise<ResultOf<SignIn>> {
    const address = from ?? 'unknown';
    await this.throttle.attempt(email, address);
    const found = await this.users.findByEmail(email);
    const right = await this.passwords.check(password, found?.passwordHash);
    if (!found || !right || found.user.disabledAt) throw wrongCredentials();
    await this.throttle.succeeded(email, address);

    const { user } = found;
    const grant = await this.db.transaction(async () => {
      const opened = await this.sessions.open(user.id);
      const at = this.clock.now().toISOString();
      const signedIn = new UserSignedIn({ userId: user.id, sessionId: opened.sessionId, address: from, userAgent, at });
      await this.bus.publish(signedIn, { stream: `auth.user:${user.id}` });
      return opened;
    });
    return this.sessions.issue(user, grant);
  }
}
