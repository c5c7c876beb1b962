import type { ByteSource } from '@app/gguf';
import { problem } from './problem.js';

/** Throws `explore.adapter-truncated` where the file ends before. */
export async function readExactly(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await source.read(offset, length);
  if (bytes.length !== length) throw problem('truncated', 'The adapter ends before its data does.');
  return bytes;
}
