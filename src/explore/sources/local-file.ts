import { type FileHandle, open } from 'node:fs/promises';
import type { SourceName } from '../contracts/index.js';
import { sourceUnavailable } from '../domain/errors.js';
import type { OpenedModel, OpenRequest } from '../domain/model-source.js';
import { readChunks } from '../persistence/read-chunks.js';

interface LocalFile {
  /** For people. */
  name: string;
  path: string;
  sizeBytes: number;
}

/** A file of this machine as what a source hands out. */
export async function openLocal(
  source: SourceName,
  { name, path, sizeBytes }: LocalFile,
  { from, signal }: OpenRequest,
): Promise<OpenedModel> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw sourceUnavailable(source, `${name} cannot be read (${error.code}).`, error);
  });
  return {
    offset: from,
    totalBytes: sizeBytes,
    chunks: readable(source, handle, name, from, signal),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function* readable(source: SourceName, handle: FileHandle, name: string, from: number, signal: AbortSignal) {
  try {
    yield* readChunks(handle, from, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    throw sourceUnavailable(source, `${name} cannot be read to its end (${code}).`, error);
  }
}
