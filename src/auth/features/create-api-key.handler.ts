import { Clock, newId } from '@app/kernel';
import { type DataOf, Handles, MessageBus, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { ApiKeyCreated, CreateApiKey } from '../contracts/index.js';
import { expiryInThePast, scopeNotAllowed, tooManyApiKeys } from '../domain/errors.js';
import { ApiKeys } from '../persistence/api-keys.js';
import { digestOf, newApiKey, visiblePrefix } from '../security/secret.js';

const MOST_KEYS = 100;

@Handles(CreateApiKey)
export class CreateApiKeyHandler {
  constructor(
    private readonly keys: ApiKeys,
    private readonly bus: MessageBus,
    private readonly clock: Clock,
  ) {}

  async handle(
    { name, scopes, expiresAt }: DataOf<CreateApiKey>,
    context: MessageContext,
  ): Promise<ResultOf<CreateApiKey>> {
    const { userId, role } = requireActor(context);
    const now = this.clock.now();
    const until = expiresAt ? new Date(expiresAt) : null;
    if (until && until <= now) throw expiryInThePast();
    if (role !== 'admin' && scopes.includes('admin')) throw scopeNotAllowed();
    if ((await this.keys.countOf(userId)) >= MOST_KEYS) throw tooManyApiKeys(MOST_KEYS);

    const key = newApiKey();
    const view = await this.keys.add({
      id: newId(),
      userId,
      name,
      digest: digestOf(key),
      prefix: visiblePrefix(key),
      scopes: [...new Set(scopes)],
      origin: 'person',
      now,
      expiresAt: until,
    });
    if (!view) throw new Error('256 random bits came twice');
    await this.bus.publish(new ApiKeyCreated({ userId, apiKeyId: view.id, name, scopes: view.scopes }), {
      stream: `auth.user:${userId}`,
    });
    return { ...view, key };
  }
}
