import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileSource } from '@app/gguf';
import { DomainError } from '@app/kernel';
import { detectAdapterFile } from '@app/lora';
import { type Entry, openPromise } from 'yauzl';
import { wrongFiles } from '../domain/adapter-errors.js';

/** What was uploaded, by content: paths of files that lie in the work folder. */
export interface UploadedFiles {
  peft?: { config: string; weights: string };
  gguf?: string;
  mediapipe?: string;
}

type Kind = 'config' | 'weights' | 'gguf' | 'mediapipe';

const MOST_ENTRIES = 256;
const CONFIG_BYTES = 2 ** 20;
/** Names of files that hold weights as pickles; a zip of PyTorch holds `data.pkl`. */
const pickled = /\.(?:pkl|pickle|pt|pth|ckpt|bin)$/i;
const wanted = /(?:^|\/)adapter_(?:config\.json|model\.safetensors)$/;

/**
 * Tells what the files are, and takes those of a zip out. Names count only inside a zip, and only to find the two files
 * of PEFT: nothing is written under a name that a stranger chose.
 *
 * @param paths assembled uploads
 * @param mostBytes of one file taken out of a zip
 * @throws DomainError explore.adapter-pickle, -archive, -unknown-format, -litertlm, -files
 */
export async function sortUploads(
  paths: readonly string[],
  folder: string,
  mostBytes: number,
  signal: AbortSignal,
): Promise<UploadedFiles> {
  const found = new Map<Kind, string>();
  for (const [index, path] of paths.entries()) {
    const members = (await isZip(path)) ? await unzip(path, join(folder, `zip-${index}-`), mostBytes, signal) : [path];
    for (const member of members) {
      const kind = await kindOf(member);
      if (found.has(kind)) throw wrongFiles('Two of the files are of the same kind.');
      found.set(kind, member);
    }
  }
  const [config, weights] = [found.get('config'), found.get('weights')];
  if (Boolean(config) !== Boolean(weights))
    throw wrongFiles('An adapter of PEFT is adapter_config.json and adapter_model.safetensors together.');
  return {
    ...(config && weights && { peft: { config, weights } }),
    gguf: found.get('gguf'),
    mediapipe: found.get('mediapipe'),
  };
}

async function headOf(path: string, length: number): Promise<Buffer> {
  await using file = await open(path, 'r');
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, 0);
  return buffer.subarray(0, bytesRead);
}

const isZip = async (path: string) => (await headOf(path, 4)).toString('latin1') === 'PK\x03\x04';

async function kindOf(path: string): Promise<Kind> {
  await using file = await open(path, 'r');
  const source = await fileSource(file);
  const head = Buffer.from(await source.read(0, Math.min(16, source.size))).toString('latin1');
  if (/^(?:\u00ef\u00bb\u00bf)?\s*\{/.test(head)) {
    if (source.size > CONFIG_BYTES)
      throw new DomainError('invalid', 'explore.adapter-config-too-large', 'The adapter_config.json is too large.');
    return 'config';
  }
  const kind = await detectAdapterFile(source);
  return kind === 'safetensors' ? 'weights' : kind;
}

async function unzip(path: string, prefix: string, mostBytes: number, signal: AbortSignal): Promise<string[]> {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: true }).catch(damaged);
  const paths: string[] = [];
  try {
    let seen = 0;
    for await (const entry of zip.eachEntry() as AsyncIterable<Entry>) {
      signal.throwIfAborted();
      if (++seen > MOST_ENTRIES) throw archive('The archive holds too many files.');
      if (pickled.test(entry.fileName)) throw pickle();
      if (!wanted.test(entry.fileName)) continue;
      if (!entry.canDecodeFileData()) throw archive('The archive is encrypted, or packed in an unknown way.');
      const most = entry.fileName.endsWith('.json') ? CONFIG_BYTES : mostBytes;
      if (entry.uncompressedSize > most || paths.length >= 2) throw archive('The archive holds more than one adapter.');
      const target = `${prefix}${paths.length}`;
      // The stream fails when the member is longer than the directory of the archive says.
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target), { signal });
      paths.push(target);
    }
  } catch (error) {
    signal.throwIfAborted();
    damaged(error);
  } finally {
    zip.close();
  }
  if (paths.length !== 2) throw archive('The archive holds no adapter_config.json with adapter_model.safetensors.');
  return paths;
}

const archive = (reason: string) => new DomainError('invalid', 'explore.adapter-archive', reason);

const pickle = () =>
  new DomainError(
    'invalid',
    'explore.adapter-pickle',
    'The archive holds a PyTorch pickle, which can run code when it is read. Save the adapter as safetensors.',
  );

function damaged(error: unknown): never {
  // A full disk is not the archive's fault.
  if (error instanceof DomainError || /^E[A-Z]+$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
  throw new DomainError('invalid', 'explore.adapter-archive', 'The archive is damaged.', undefined, { cause: error });
}
