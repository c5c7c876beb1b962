import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { Clock, newId } from '@app/kernel';
import type { IssuedSession } from '../contracts/index.js';
import { digestOf, newSecret } from './secret.js';
import type { User } from '../domain/user.js';
import { Sessions } from '../persistence/sessions.js';
import { toUserView } from '../persistence/users.js';
import { AccessTokens } from './access-tokens.js';

const DAY_MS = 86_400_000;

/** A refresh token that is stored by its digest, and the session that it belongs to. */
export interface RefreshGrant {
  sessionId: string;
  refreshToken: string;
  expiresAt: Date;
}

/** Opens and continues sessions. Storing comes first, signing after: no token is out for what was not committed. */
@Injectable()
export class SessionIssuer {
  constructor(
    private readonly sessions: Sessions,
    private readonly tokens: AccessTokens,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** In the ambient unit of work. */
  async open(userId: string): Promise<RefreshGrant> {
    const grant = this.newGrant(newId());
    await this.sessions.open({
      id: grant.sessionId,
      userId,
      digest: digestOf(grant.refreshToken),
      now: this.clock.now(),
      expiresAt: grant.expiresAt,
    });
    return grant;
  }

  /** In the ambient unit of work. */
  async rotate(sessionId: string, digest: string): Promise<RefreshGrant> {
    const grant = this.newGrant(sessionId);
    await this.sessions.rotate({
      sessionId,
      digest,
      successor: digestOf(grant.refreshToken),
      now: this.clock.now(),
      expiresAt: grant.expiresAt,
    });
    return grant;
  }

  async issue(user: User, grant: RefreshGrant): Promise<IssuedSession> {
    const { sessionId, refreshToken } = grant;
    const access = await this.tokens.issue({ sessionId, userId: user.id, now: this.clock.now() });
    return {
      session: { accessToken: access.token, expiresAt: access.expiresAt.toISOString(), user: toUserView(user) },
      refreshToken,
      refreshExpiresAt: grant.expiresAt.toISOString(),
    };
  }

  private newGrant(sessionId: string): RefreshGrant {
    const lifeMs = this.config.auth.refreshTtlDays * DAY_MS;
    return { sessionId, refreshToken: newSecret(), expiresAt: new Date(this.clock.now().getTime() + lifeMs) };
  }
}
