import { Clock } from '@app/kernel';
import { type DataOf, Handles, MessageBus, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { RefreshSession, SessionReuseDetected } from '../contracts/index.js';
import { refreshTokenReused, sessionEnded } from '../domain/errors.js';
import { decideRotation } from '../domain/refresh-token.js';
import { Sessions } from '../persistence/sessions.js';
import { Users } from '../persistence/users.js';
import { digestOf } from '../security/secret.js';
import { SessionIssuer } from '../security/session-issuer.js';

// Its own unit of work: that a session was ended for reuse must be stored although the answer is an error.
@Handles(RefreshSession, { transaction: false })
export class RefreshSessionHandler {
  constructor(
    private readonly sessions: Sessions,
    private readonly users: Users,
    private readonly issuer: SessionIssuer,
    private readonly bus: MessageBus,
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async handle({ refreshToken }: DataOf<RefreshSession>): Promise<ResultOf<RefreshSession>> {
    const digest = digestOf(refreshToken);
    const outcome = await this.db.transaction(async () => {
      const found = await this.sessions.lockToken(digest);
      if (!found) return 'ended';
      const { sessionId, userId } = found;
      const decision = decideRotation(found.token, this.clock.now());
      if (decision === 'reused') {
        await this.sessions.end(sessionId, this.clock.now());
        await this.bus.publish(new SessionReuseDetected({ userId, sessionId }), { stream: `auth.user:${userId}` });
      }
      if (decision !== 'rotate') return decision;
      return { userId, grant: await this.issuer.rotate(sessionId, digest) };
    });
    if (outcome === 'reused') throw refreshTokenReused();
    if (outcome === 'ended') throw sessionEnded();
    const user = await this.users.find(outcome.userId);
    if (!user) throw sessionEnded();
    return this.issuer.issue(user, outcome.grant);
  }
}
