import type { webcrypto } from 'node:crypto';
import { type Config, serverSecret } from '@app/config';

/** The key that signs access tokens. */
export async function signingKey(config: Config): Promise<webcrypto.CryptoKey> {
  const secret = Buffer.from(await serverSecret(config));
  return crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}
