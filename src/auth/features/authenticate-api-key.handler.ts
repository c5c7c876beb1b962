import { Clock } from '@app/kernel';
import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { AuthenticateApiKey } from '../contracts/index.js';
import { ApiKeys } from '../persistence/api-keys.js';
import { digestOf } from '../security/secret.js';

@Handles(AuthenticateApiKey)
export class AuthenticateApiKeyHandler {
  constructor(
    private readonly keys: ApiKeys,
    private readonly clock: Clock,
  ) {}

  async handle({ key }: DataOf<AuthenticateApiKey>): Promise<ResultOf<AuthenticateApiKey>> {
    const found = await this.keys.use(digestOf(key), this.clock.now());
    return {
      actor: found?.actor ?? null,
      apiKeyId: found?.id ?? null,
      expiresAt: found?.expiresAt?.toISOString() ?? null,
    };
  }
}
