import { Clock } from '@app/kernel';
import { type DataOf, Handles, MessageBus, type MessageContext, requireActor } from '@app/messaging';
import { ApiKeyRevoked, RevokeApiKey } from '../contracts/index.js';
import { apiKeyNotFound } from '../domain/errors.js';
import { ApiKeys } from '../persistence/api-keys.js';

@Handles(RevokeApiKey)
export class RevokeApiKeyHandler {
  constructor(
    private readonly keys: ApiKeys,
    private readonly bus: MessageBus,
    private readonly clock: Clock,
  ) {}

  async handle({ apiKeyId }: DataOf<RevokeApiKey>, context: MessageContext): Promise<void> {
    const { userId } = requireActor(context);
    if (!(await this.keys.revoke(apiKeyId, userId, this.clock.now()))) throw apiKeyNotFound(apiKeyId);
    await this.bus.publish(new ApiKeyRevoked({ userId, apiKeyId }), { stream: `auth.user:${userId}` });
  }
}
