import { type DataOf, Handles } from '@app/messaging';
import { Unsubscribe, type Unsubscription } from '../contracts/index.js';
import { wrongLink } from '../domain/errors.js';
import { maskAddress } from '../domain/mask-address.js';
import { UnsubscribeTokens } from '../mail/unsubscribe-tokens.js';
import { Preferences } from '../persistence/preferences.js';
import { Recipients } from '../persistence/recipients.js';

/** For anybody who has the link; the token says whose e-mails of which topic, and lets nothing else be done. */
@Handles(Unsubscribe)
export class UnsubscribeHandler {
  constructor(
    private readonly tokens: UnsubscribeTokens,
    private readonly recipients: Recipients,
    private readonly preferences: Preferences,
  ) {}

  async handle({ token }: DataOf<Unsubscribe>): Promise<Unsubscription> {
    const { userId, topic } = this.tokens.read(token);
    const recipient = await this.recipients.find(userId);
    if (!recipient) throw wrongLink();
    await this.preferences.set(userId, { ...(await this.preferences.topic(userId, topic)), email: false });
    return { topic, address: maskAddress(recipient.email), email: false };
  }
}
