import { z } from 'zod';

/** OWASP's count for PBKDF2 with SHA-256 (2023). */
const ITERATIONS = 600_000;
/** Whoever gives us a file shall not keep this page busy for long. */
const MOST_ITERATIONS = 5_000_000;
const MOST_BYTES = 256 * 2 ** 20;

const Sealed = z.object({
  format: z.literal('parley.sealed-conversations'),
  version: z.literal(1),
  kdf: z.object({
    name: z.literal('PBKDF2'),
    hash: z.literal('SHA-256'),
    iterations: z.int().min(100_000).max(MOST_ITERATIONS),
    salt: z.base64(),
  }),
  cipher: z.object({ name: z.literal('AES-GCM'), iv: z.base64() }),
  data: z.base64(),
});

export class SealedFileError extends Error {
  override readonly name = 'SealedFileError';
  constructor(
    readonly code: 'sealed.not-a-file-of-ours' | 'sealed.wrong-passphrase',
    message: string,
  ) {
    super(message);
  }
}

/** JSON, encrypted with a key that is made of the passphrase; nobody else can read it, us included. */
export async function seal(value: unknown, passphrase: string): Promise<Blob> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await keyOf(passphrase, salt, ITERATIONS, 'encrypt');
  const plain = new TextEncoder().encode(JSON.stringify(value));
  const data = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, plain));
  const file: z.infer<typeof Sealed> = {
    format: 'parley.sealed-conversations',
    version: 1,
    kdf: { name: 'PBKDF2', hash: 'SHA-256', iterations: ITERATIONS, salt: toBase64(salt) },
    cipher: { name: 'AES-GCM', iv: toBase64(iv) },
    data: toBase64(data),
  };
  return new Blob([JSON.stringify(file)], { type: 'application/json' });
}

/** Throws a SealedFileError; a changed byte is found out as a wrong passphrase is. */
export async function unseal(file: Blob, passphrase: string): Promise<unknown> {
  const foreign = () => new SealedFileError('sealed.not-a-file-of-ours', 'This is no file that Parley exported.');
  if (file.size > MOST_BYTES) throw foreign();
  const sealed = Sealed.safeParse(
    await file
      .text()
      .then(JSON.parse)
      .catch(() => null),
  );
  if (!sealed.success) throw foreign();
  const { kdf, cipher, data } = sealed.data;
  const key = await keyOf(passphrase, fromBase64(kdf.salt), kdf.iterations, 'decrypt');
  const how = { name: 'AES-GCM', iv: fromBase64(cipher.iv) };
  const plain = await crypto.subtle.decrypt(how, key, fromBase64(data)).catch(() => {
    throw new SealedFileError('sealed.wrong-passphrase', 'The passphrase is another one, or the file was changed.');
  });
  return JSON.parse(new TextDecoder().decode(plain));
}

async function keyOf(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
  use: 'encrypt' | 'decrypt',
): Promise<CryptoKey> {
  const words = new TextEncoder().encode(passphrase.normalize('NFKC'));
  const material = await crypto.subtle.importKey('raw', words, 'PBKDF2', false, ['deriveKey']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations };
  return crypto.subtle.deriveKey(how, material, { name: 'AES-GCM', length: 256 }, false, [use]);
}

/** In pieces: an argument for each byte of a large file would be too many. */
function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
}

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
