import { readMediaPipeBase, readPeftAdapter, toMediaPipe } from '@app/lora';
import { tinyBrowserAdapter } from './tiny-mediapipe.js';

const source = (bytes: Buffer) => ({
  size: bytes.length,
  read: (offset: number, length: number) => Promise.resolve(bytes.subarray(offset, offset + length)),
});

/** The tiny adapter in MediaPipe's form, for the tiny model `base`. */
export async function tinyMediaPipeAdapter(base: Buffer): Promise<Buffer> {
  const { config, weights } = tinyBrowserAdapter();
  const peft = await readPeftAdapter(config, source(weights));
  const pieces: Uint8Array[] = [];
  for await (const piece of toMediaPipe(peft, await readMediaPipeBase(source(base)))) pieces.push(piece);
  return Buffer.concat(pieces);
}
