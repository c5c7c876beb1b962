import { Config } from '@app/config';
import { Clock, newId } from '@app/kernel';
import { type DataOf, Handles, MessageBus, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { SignUp, UserSignedUp } from '../contracts/index.js';
import { emailTaken, signUpClosed } from '../domain/errors.js';
import { nameFromEmail, type User } from '../domain/user.js';
import { Users } from '../persistence/users.js';
import { Passwords } from '../security/passwords.js';
import { SessionIssuer } from '../security/session-issuer.js';

// The hash is made before the unit of work opens: everybody would wait for it.
@Handles(SignUp, { transaction: false })
export class SignUpHandler {
  constructor(
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly sessions: SessionIssuer,
    private readonly bus: MessageBus,
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  async handle({ email, password, name }: DataOf<SignUp>): Promise<ResultOf<SignUp>> {
    if (this.isClosed(await this.users.any())) throw signUpClosed();
    const passwordHash = await this.passwords.hash(password);
    const createdAt = this.clock.now();
    const user: User = {
      id: newId(),
      email,
      name: name ?? nameFromEmail(email),
      role: 'user',
      createdAt,
      disabledAt: null,
    };
    const grant = await this.db.transaction(async () => {
      // Of all who sign up at once on a new server, one is first, and the rest see its account.
      await this.users.lock();
      const others = await this.users.any();
      if (this.isClosed(others)) throw signUpClosed();
      if (!others) user.role = 'admin';
      if (!(await this.users.add(user, passwordHash))) throw emailTaken();
      await this.bus.publish(new UserSignedUp({ userId: user.id, email, name: user.name, role: user.role }), {
        stream: streamOf(user),
      });
      return this.sessions.open(user.id);
    });
    return this.sessions.issue(user, grant);
  }

  private isClosed(others: boolean): boolean {
    return others && this.config.auth.signUp === 'closed';
  }
}

const streamOf = ({ id }: User) => `auth.user:${id}`;
