import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { AuthenticateSession } from '../contracts/index.js';
import { Sessions } from '../persistence/sessions.js';

@Handles(AuthenticateSession)
export class AuthenticateSessionHandler {
  constructor(private readonly sessions: Sessions) {}

  async handle({ sessionId }: DataOf<AuthenticateSession>): Promise<ResultOf<AuthenticateSession>> {
    return { actor: await this.sessions.actorOf(sessionId) };
  }
}
