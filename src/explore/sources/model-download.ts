import { setTimeout as sleep } from 'node:timers/promises';
import type { GgufInfo } from '@app/gguf';
import { DomainError } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import type { SourceName } from '../contracts/index.js';
import type { CatalogueEntry } from '../domain/catalogue.js';
import {
  diskFull,
  everySourceFailed,
  modelsFolderUnusable,
  notAModel,
  type SourceFailure,
  sourceUnavailable,
  wrongDigest,
  wrongSize,
} from '../domain/errors.js';
import { type ModelSource, ModelSources } from '../domain/model-source.js';
import { ModelFiles } from '../persistence/model-files.js';
import type { PartialFile } from '../persistence/partial-file.js';

export interface DownloadObserver {
  /** Bytes of the model that are here; null before any source was asked. */
  received(source: SourceName | null, bytes: number): void;
  /** All bytes are here and are being checked. */
  verifying(): Promise<void>;
  /** The source could not deliver; the next one is asked. */
  refused(source: SourceName, error: DomainError): void;
}

export interface Downloaded {
  digest: string;
  sizeBytes: number;
  header: GgufInfo;
}

/** Room that stays free for the database and the rest of the machine. */
export const SPARE_BYTES = 16 * 2 ** 20;
/** A connection is opened at most so often for one file, however little each one brings. */
const MOST_OPENS = 200;

/** Brings one model from the first source that can deliver it into the storage, checked. */
@Injectable()
export class ModelDownload {
  /** Milliseconds before a broken connection is opened again; doubles while nothing new comes. */
  protected readonly backoffMs: number = 500;

  constructor(
    private readonly files: ModelFiles,
    private readonly sources: ModelSources,
  ) {}

  /** Stops with the reason of `signal`; what was received stays for the next time. */
  async run(entry: CatalogueEntry, signal: AbortSignal, observer: DownloadObserver): Promise<Downloaded> {
    try {
      return (await this.alreadyHere(entry, signal, observer)) ?? (await this.fetch(entry, signal, observer));
    } catch (error) {
      signal.throwIfAborted();
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (/^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EISDIR|EIO|EMFILE)$/.test(code)) throw modelsFolderUnusable(code);
      throw error;
    }
  }

  private async alreadyHere(entry: CatalogueEntry, signal: AbortSignal, observer: DownloadObserver) {
    if (!entry.digest || (await this.files.sizeOf(entry.digest)) !== entry.sizeBytes) return null;
    await observer.verifying();
    if ((await this.files.digestOf(entry.digest, signal)) === entry.digest) {
      const header = await this.files.storedHeader(entry.digest, entry.sizeBytes);
      return { digest: entry.digest, sizeBytes: entry.sizeBytes, header };
    }
    await this.files.remove(entry.digest);
    return null;
  }

  private async fetch(entry: CatalogueEntry, signal: AbortSignal, observer: DownloadObserver): Promise<Downloaded> {
    await using partial = await this.files.openPartial(entry.digest ?? entry.id);
    await partial.restore(entry.sizeBytes, signal);
    observer.received(null, partial.receivedBytes);
    const failures: SourceFailure[] = [];
    let received: Downloaded | undefined;
    try {
      for (const source of this.sources.inOrder.filter((candidate) => candidate.offers(entry))) {
        try {
          await this.requireRoom(entry, partial, source);
          const digest = await this.receive(source, entry, partial, signal, observer);
          received = { digest, sizeBytes: entry.sizeBytes, header: await this.files.header(partial.path) };
          break;
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof DomainError)) throw error;
          // A page in place of the rest (a gateway that asks to sign in) says nothing about what came before it.
          const wrong = partial.receivedBytes <= 4 || partial.receivedBytes === entry.sizeBytes;
          if (error.code === 'explore.not-a-model' && wrong) await partial.restart();
          failures.push({ source: source.name, error });
          observer.refused(source.name, error);
          // Another source needs the same room, unless it was for this one's own package.
          if (error.code === 'explore.disk-full' && source.extraBytes(entry) === 0) throw error;
        }
      }
      // No business of a source: what it brought stays for the next time when it cannot be stored.
      if (received) await this.files.adopt(partial, { ...received, sha256: received.digest }, signal);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      // A full disk stops the database too: give back what was taken.
      await partial.restart();
      throw diskFull(entry.sizeBytes + SPARE_BYTES, await this.files.freeBytes());
    } finally {
      if (partial.receivedBytes === 0) await partial.remove();
    }
    if (received) return received;
    throw everySourceFailed(entry.name, failures);
  }

  private async requireRoom(entry: CatalogueEntry, partial: PartialFile, source: ModelSource): Promise<void> {
    const needed = entry.sizeBytes - partial.receivedBytes + source.extraBytes(entry) + SPARE_BYTES;
    const free = await this.files.freeBytes();
    if (free < needed) throw diskFull(needed, free);
  }

  /** Answers the digest of the complete file. */
  private async receive(
    source: ModelSource,
    entry: CatalogueEntry,
    partial: PartialFile,
    signal: AbortSignal,
    observer: DownloadObserver,
  ): Promise<string> {
    for (let continued = partial.receivedBytes > 0; ; continued = false) {
      await this.readAll(source, entry, partial, signal, observer);
      await observer.verifying();
      const digest = partial.digest();
      if (entry.digest === null || digest === entry.digest) return digest;
      await partial.restart();
      // What an earlier attempt left may be at fault (another source, a power cut): once more from the start.
      if (!continued) throw wrongDigest(entry.digest, digest);
    }
  }

  private async readAll(
    source: ModelSource,
    entry: CatalogueEntry,
    partial: PartialFile,
    signal: AbortSignal,
    observer: DownloadObserver,
  ): Promise<void> {
    let idle = 0;
    for (let opens = 1; partial.receivedBytes < entry.sizeBytes; opens++) {
      const before = partial.receivedBytes;
      try {
        await readOnce(source, entry, partial, signal, observer);
      } catch (error) {
        signal.throwIfAborted();
        const broken = error instanceof DomainError && error.code === 'explore.source-unavailable';
        idle = partial.receivedBytes > before ? 0 : idle + 1;
        // One that never gave anything is left for the next source soon; one that did is worth some patience.
        const patience = partial.receivedBytes > 0 ? source.retries : Math.min(1, source.retries);
        if (!broken || idle > patience || opens >= MOST_OPENS) throw error;
        await sleep(Math.min(10_000, this.backoffMs * 2 ** idle), undefined, { signal });
      }
    }
  }
}

async function readOnce(
  source: ModelSource,
  entry: CatalogueEntry,
  partial: PartialFile,
  signal: AbortSignal,
  observer: DownloadObserver,
): Promise<void> {
  const onProgress = (bytes: number) => observer.received(source.name, Math.max(bytes, partial.receivedBytes));
  observer.received(source.name, partial.receivedBytes);
  await using opened = await source.open(entry, { from: partial.receivedBytes, signal, onProgress });
  if (opened.totalBytes !== null && opened.totalBytes !== entry.sizeBytes)
    throw wrongSize(entry.sizeBytes, opened.totalBytes);
  if (opened.offset !== partial.receivedBytes) await partial.restart();
  let head = Buffer.alloc(0);
  for await (const chunk of opened.chunks) {
    signal.throwIfAborted();
    if (partial.receivedBytes < 4) {
      head = Buffer.concat([head, chunk.subarray(0, 4)]);
      if (opened.offset === 0 && !'GGUF'.startsWith(head.toString('latin1', 0, 4)))
        throw notAModel('What arrives is not a GGUF model file.');
    }
    if (partial.receivedBytes + chunk.length > entry.sizeBytes) {
      const actual = partial.receivedBytes + chunk.length;
      await partial.restart();
      throw wrongSize(entry.sizeBytes, actual);
    }
    await partial.append(chunk);
    observer.received(source.name, partial.receivedBytes);
  }
  if (partial.receivedBytes === entry.sizeBytes) return;
  if (opened.totalBytes === null) throw wrongSize(entry.sizeBytes, partial.receivedBytes);
  throw sourceUnavailable(source.name, 'The transfer ended before the whole file had come.');
}
