import { createSHA256 } from 'hash-wasm';
import { EngineError, reasonOf } from '../errors.js';

export interface DownloadArgs {
  digest: string;
  url: string;
  sizeBytes: number;
  headers: Record<string, string>;
}

const FOLDER = 'models';
const PIECE = 4 * 2 ** 20;
/** A connection that broke is opened again so often without a new byte. */
const TRIES = 4;

export const modelsFolder = async (): Promise<FileSystemDirectoryHandle> => {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create: true });
  } catch (error) {
    throw new EngineError('files.no-storage', reasonOf(error));
  }
};

/**
 * Brings one file into the origin's own file system and checks its SHA-256 while it comes. What is there already is
 * hashed and gone on with. Resolves only when every byte is right; a wrong file is removed.
 */
export async function download(
  { digest, url, sizeBytes, headers }: DownloadArgs,
  onProgress: (receivedBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = await modelsFolder();
  const handle = await folder.getFileHandle(digest, { create: true });
  const file = await handle.createSyncAccessHandle();
  let right = false;
  let wrong = false;
  try {
    const hash = await createSHA256();
    hash.init();
    let received = 0;
    if (file.getSize() > sizeBytes) file.truncate(0);
    const piece = new Uint8Array(PIECE);
    while (received < file.getSize()) {
      signal.throwIfAborted();
      const read = file.read(piece, { at: received });
      hash.update(piece.subarray(0, read));
      received += read;
    }
    onProgress(received);
    for (let idle = 0; received < sizeBytes;) {
      const before = received;
      try {
        for await (const chunk of bytesFrom(url, received, headers, signal, () => {
          file.truncate(0);
          hash.init();
          received = 0;
        })) {
          if (received + chunk.length > sizeBytes) {
            wrong = true;
            throw new EngineError('files.wrong-size');
          }
          write(file, chunk, received);
          hash.update(chunk);
          received += chunk.length;
          onProgress(received);
        }
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof EngineError && error.code !== 'files.unavailable') throw error;
        idle = received > before ? 0 : idle + 1;
        if (idle >= TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** idle));
      }
    }
    file.flush();
    wrong = hash.digest('hex') !== digest;
    if (wrong) throw new EngineError('files.wrong-digest');
    right = true;
  } finally {
    file.close();
    if (wrong && !right) await folder.removeEntry(digest);
  }
}

function write(file: FileSystemSyncAccessHandle, chunk: Uint8Array, at: number): void {
  try {
    for (let done = 0; done < chunk.length;) {
      const written = file.write(chunk.subarray(done), { at: at + done });
      if (written === 0) throw new DOMException('nothing was written', 'QuotaExceededError');
      done += written;
    }
  } catch (error) {
    if (error instanceof DOMException && error.name === 'QuotaExceededError') {
      throw new EngineError('files.quota-full', error.message);
    }
    throw error;
  }
}

/** The bytes from `from` on. A server that sends all of them is told by `restart`. */
async function* bytesFrom(
  url: string,
  from: number,
  headers: Record<string, string>,
  signal: AbortSignal,
  restart: () => void,
): AsyncGenerator<Uint8Array> {
  const unavailable = (error: unknown) => new EngineError('files.unavailable', reasonOf(error));
  const range: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
  // Past the cache of HTTP: it would hold gigabytes twice, and for a year what a broken CDN sent.
  const asked = fetch(url, { headers: { ...headers, ...range }, signal, cache: 'no-store' });
  const response = await asked.catch((error: unknown) => {
    throw unavailable(error);
  });
  if (response.status === 416) throw new EngineError('files.wrong-size', 'nothing after what is here');
  if (!response.ok || !response.body) throw unavailable(`status ${response.status}`);
  // A proxy that asks for a sign-in answers 200 with a page.
  if (response.headers.get('content-type')?.startsWith('text/html'))
    throw new EngineError('engine.wrong-format', 'a page instead of a file');
  if (from > 0 && response.status !== 206) restart();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw unavailable(error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    // Left early, as when the storage is full: nothing more shall come.
    reader.cancel().catch(() => undefined);
  }
}
