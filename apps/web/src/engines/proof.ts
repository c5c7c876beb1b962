import { database } from './files/database.js';

/** What is signed of an answer; the server checks each of them. */
export interface Signed {
  answer: string;
  text: string;
  modelDigest: string;
  adapterDigests: readonly string[];
  startedAt: string;
  finishedAt: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };

/**
 * Signs an answer as a compact JWS (ES256). The key is this browser's own; its private half cannot be read, not even by
 * this page.
 */
export async function signAnswer({ text, ...signed }: Signed): Promise<string> {
  const { privateKey, publicKey } = await keyPair();
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  const textSha256 = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const parts = [
    { alg: 'ES256', jwk: { crv, kty, x, y } },
    { ...signed, textSha256 },
  ];
  const body = parts.map((part) => base64url(new TextEncoder().encode(JSON.stringify(part)))).join('.');
  const how = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await crypto.subtle.sign(how, privateKey, new TextEncoder().encode(body));
  return `${body}.${base64url(new Uint8Array(signature))}`;
}

async function keyPair(): Promise<CryptoKeyPair> {
  const db = await database();
  const known = await db.get('keys', 'answers');
  if (known) return known;
  const fresh = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  // Another tab may have been first.
  const store = db.transaction('keys', 'readwrite').store;
  const first = await store.get('answers');
  if (first) return first;
  await store.put(fresh, 'answers');
  return fresh;
}

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
