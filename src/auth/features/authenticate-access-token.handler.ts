import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { AuthenticateAccessToken } from '../contracts/index.js';
import { Sessions } from '../persistence/sessions.js';
import { AccessTokens } from '../security/access-tokens.js';

/** The signature says whose session it was, the session whether it still is one. */
@Handles(AuthenticateAccessToken)
export class AuthenticateAccessTokenHandler {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly sessions: Sessions,
  ) {}

  async handle({ token }: DataOf<AuthenticateAccessToken>): Promise<ResultOf<AuthenticateAccessToken>> {
    const claims = await this.tokens.verify(token);
    const actor = claims && (await this.sessions.actorOf(claims.sessionId));
    if (!actor) return { actor: null, sessionId: null, expiresAt: null };
    return { actor, sessionId: claims.sessionId, expiresAt: claims.expiresAt.toISOString() };
  }
}
