import { type DataOf, Handles } from '@app/messaging';
import { GetUnsubscription, type Unsubscription } from '../contracts/index.js';
import { wrongLink } from '../domain/errors.js';
import { maskAddress } from '../domain/mask-address.js';
import { UnsubscribeTokens } from '../mail/unsubscribe-tokens.js';
import { Preferences } from '../persistence/preferences.js';
import { Recipients } from '../persistence/recipients.js';

@Handles(GetUnsubscription)
export class GetUnsubscriptionHandler {
  constructor(
    private readonly tokens: UnsubscribeTokens,
    private readonly recipients: Recipients,
    private readonly preferences: Preferences,
  ) {}

  async handle({ token }: DataOf<GetUnsubscription>): Promise<Unsubscription> {
    const { userId, topic } = this.tokens.read(token);
    const recipient = await this.recipients.find(userId);
    if (!recipient) throw wrongLink();
    const { email } = await this.preferences.topic(userId, topic);
    return { topic, address: maskAddress(recipient.email), email };
  }
}
