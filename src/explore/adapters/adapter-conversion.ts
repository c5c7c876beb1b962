import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { fileSource } from '@app/gguf';
import { DomainError } from '@app/kernel';
import {
  checkGgufAdapterFits,
  checkMediaPipeAdapterFits,
  type LowRankUpdate,
  type PeftAdapter,
  readGgufAdapter,
  readMediaPipeAdapter,
  readPeftAdapter,
  toGguf,
  toMediaPipe,
} from '@app/lora';
import { ObjectStorage } from '@app/storage';
import type { AdapterEncoding, InstallError } from '../contracts/index.js';
import { wrongFiles } from '../domain/adapter-errors.js';
import { diskFull } from '../domain/errors.js';
import type { AdapterFile, Conversion, ConversionResult } from '../persistence/adapters.js';
import { ModelFiles } from '../persistence/model-files.js';
import { UploadBytes } from '../persistence/upload-bytes.js';
import { BaseFiles } from './base-files.js';
import { sortUploads, type UploadedFiles } from './uploaded-files.js';

type Report = (step: string, progress: number) => void;

interface Made {
  encoding: AdapterEncoding;
  path: string;
  sha256: string;
}

const SPARE_BYTES = 16 * 2 ** 20;

/**
 * From complete uploads to files that engines load. All work is in one folder of its own, emptied before it begins and
 * removed when it ends; whoever takes over after a crash begins anew, and what is stored is stored under the version.
 */
@Injectable()
export class AdapterConversion {
  constructor(
    private readonly config: Config,
    private readonly files: ModelFiles,
    private readonly uploads: UploadBytes,
    private readonly bases: BaseFiles,
    private readonly storage: ObjectStorage,
  ) {}

  /** @throws DomainError `explore.adapter-…`, `gguf.…`: what was uploaded cannot be used */
  async run(conversion: Conversion, signal: AbortSignal, report: Report): Promise<ConversionResult> {
    const folder = this.folderOf(conversion.versionId);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    try {
      const paths = await this.assemble(conversion, folder, signal, report);
      const { maxBytes } = this.config.explore.uploads;
      const sorted = await sortUploads(paths, folder, maxBytes, signal);
      report('checking', 0.35);
      const { made, ...about } = await this.make(sorted, conversion, folder, signal, report);
      report('storing', 0.9);
      return { ...about, files: await this.store(made, conversion.versionId, signal) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      throw diskFull(SPARE_BYTES, await this.files.freeBytes());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Removes what was stored of versions that came to nothing, or were deleted. */
  async discard(versionIds: readonly string[]): Promise<void> {
    for (const versionId of versionIds) {
      const { objects } = await this.storage.list(`adapters/${versionId}/`);
      for (const { key } of objects) await this.storage.delete(key);
    }
  }

  private folderOf(versionId: string): string {
    return join(this.files.partialFolder, `adapter-${versionId}`);
  }

  private async assemble({ uploadIds }: Conversion, folder: string, signal: AbortSignal, report: Report) {
    const total = await this.uploads.sizeOf(uploadIds);
    // The files once more as they came, out of a zip, and in two encodings.
    const needed = 4 * total + SPARE_BYTES;
    const free = await this.files.freeBytes();
    if (free < needed) throw diskFull(needed, free);
    const paths: string[] = [];
    let done = 0;
    for (const [index, uploadId] of uploadIds.entries()) {
      const path = join(folder, `upload-${index}`);
      await this.uploads.assemble(uploadId, path, signal, (bytes) => {
        done += bytes;
        report('receiving', (0.3 * done) / total);
      });
      paths.push(path);
    }
    return paths;
  }

  private async make(
    { peft, gguf, mediapipe }: UploadedFiles,
    { baseDigest, browserBaseDigest }: Conversion,
    folder: string,
    signal: AbortSignal,
    report: Report,
  ): Promise<Omit<ConversionResult, 'files'> & { made: Made[] }> {
    const made: Made[] = [];
    const notes: InstallError[] = [];
    const updates: LowRankUpdate[] = [];
    let madeFor: string | null = null;
    if (peft) {
      await using weights = await open(peft.weights, 'r');
      const adapter = await readPeftAdapter(await readFile(peft.config, 'utf8'), await fileSource(weights));
      ({ baseModel: madeFor } = adapter);
      updates.push(...adapter.updates);
      const targets = [
        ...(baseDigest && !gguf ? [['gguf', toGguf(adapter, await this.bases.gguf(baseDigest))] as const] : []),
        ...(browserBaseDigest && !mediapipe
          ? [['mediapipe', toMediaPipe(adapter, await this.bases.mediaPipe(browserBaseDigest))] as const]
          : []),
      ];
      const expected = weightBytes(adapter);
      for (const [index, [encoding, pieces]] of targets.entries()) {
        const path = join(folder, encoding);
        const [from, part] = [0.4 + (0.5 * index) / targets.length, 0.5 / targets.length];
        const tell = (bytes: number) => report(encoding, from + part * Math.min(1, bytes / expected));
        try {
          made.push({ encoding, path, sha256: await write(path, pieces, signal, tell) });
        } catch (error) {
          // An adapter with feed-forward matrices is good for the server alone: said, not hidden.
          if (!(error instanceof DomainError) || !perEncoding.has(error.code) || targets.length === 1) throw error;
          notes.push({ code: error.code, message: error.message });
        }
      }
      if (targets.length > 0 && made.length === 0) throw wrongFiles(notes.map(({ message }) => message).join(' '));
    }
    if (gguf) {
      if (!baseDigest) throw wrongFiles('A GGUF adapter needs the GGUF file of its base model.');
      await using file = await open(gguf, 'r');
      const adapter = await readGgufAdapter(await fileSource(file));
      checkGgufAdapterFits(adapter, await this.bases.gguf(baseDigest));
      updates.push(...adapter.updates.values());
      made.push({ encoding: 'gguf', path: gguf, sha256: await digestOf(file, signal) });
    }
    if (mediapipe) {
      if (!browserBaseDigest) throw wrongFiles('A MediaPipe adapter needs the browser file of its base model.');
      await using file = await open(mediapipe, 'r');
      const adapter = await readMediaPipeAdapter(await fileSource(file));
      checkMediaPipeAdapterFits(adapter, await this.bases.mediaPipe(browserBaseDigest));
      updates.push(...adapter.updates.values());
      made.push({ encoding: 'mediapipe', path: mediapipe, sha256: await digestOf(file, signal) });
    }
    const scales = new Set(updates.map(({ scale }) => scale));
    return {
      ...{ made, notes, madeFor },
      rank: Math.max(...updates.map(({ rank }) => rank)),
      scale: scales.size === 1 ? [...scales][0]! : null,
    };
  }

  private async store(made: readonly Made[], versionId: string, signal: AbortSignal): Promise<AdapterFile[]> {
    const files: AdapterFile[] = [];
    for (const { encoding, path, sha256 } of made) {
      const key = `adapters/${versionId}/${sha256}.${encoding === 'gguf' ? 'gguf' : 'bin'}`;
      const { size: sizeBytes } = await stat(path);
      await this.storage.adopt(key, path, { sha256, sizeBytes }, signal);
      files.push({ encoding, sha256, sizeBytes, key });
    }
    return files;
  }
}

/** What one encoding cannot say and the other can. */
const perEncoding = new Set(['explore.adapter-browser-modules', 'explore.adapter-base-unsupported']);

/** About what either encoding takes, in 16-bit numbers. */
const weightBytes = ({ updates }: PeftAdapter): number =>
  updates.reduce((sum, { rank, rows, columns }) => sum + 2 * rank * (rows + columns), 0) || 1;

async function write(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  report: (bytes: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  await using file = await open(path, 'w', 0o600);
  let bytes = 0;
  for await (const piece of pieces) {
    signal.throwIfAborted();
    await file.writeFile(piece);
    hash.update(piece);
    report((bytes += piece.length));
  }
  await file.sync();
  return hash.digest('hex');
}

async function digestOf(file: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(2 ** 20);
  for (let at = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
