import { Clock } from '@app/kernel';
import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { SignOut } from '../contracts/index.js';
import { Sessions } from '../persistence/sessions.js';
import { digestOf } from '../security/secret.js';

@Handles(SignOut)
export class SignOutHandler {
  constructor(
    private readonly sessions: Sessions,
    private readonly clock: Clock,
  ) {}

  async handle({ refreshToken }: DataOf<SignOut>): Promise<ResultOf<SignOut>> {
    return { sessionId: await this.sessions.endByToken(digestOf(refreshToken), this.clock.now()) };
  }
}
