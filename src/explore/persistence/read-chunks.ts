import type { FileHandle } from 'node:fs/promises';

/** The bytes of a file from `from` on. Every chunk lies in the same memory: done with before the next is asked for. */
export async function* readChunks(handle: FileHandle, from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(2 ** 20);
  for (let at = from; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
