import { createHash } from 'node:crypto';
import type { Expected, SizeAlone } from './object-storage.js';
import { wrongDigest, wrongSize } from './problems.js';

/** Hands the bytes through and fails at the end, or as soon as there are too many, when they are not the expected ones. */
export async function* checked(
  bytes: AsyncIterable<Uint8Array>,
  { sha256, sizeBytes }: Expected | SizeAlone,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const hash = sha256 === null ? null : createHash('sha256');
  let length = 0;
  for await (const chunk of bytes) {
    signal?.throwIfAborted();
    length += chunk.length;
    if (length > sizeBytes) throw wrongSize(sizeBytes, length);
    hash?.update(chunk);
    yield chunk;
  }
  if (length !== sizeBytes) throw wrongSize(sizeBytes, length);
  const digest = hash?.digest('hex') ?? null;
  if (sha256 !== null && digest !== sha256) throw wrongDigest(sha256, String(digest));
}
