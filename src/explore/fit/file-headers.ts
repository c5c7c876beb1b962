import { Injectable } from '@nestjs/common';
import { type GgufInfo, ggufLimits, parseGguf } from '@app/gguf';
import { DomainError } from '@app/kernel';
import type { CatalogueEntry } from '../domain/catalogue.js';
import { notAtSource, wrongSize } from '../domain/errors.js';
import { type ModelSource, ModelSources } from '../domain/model-source.js';
import { ModelFiles } from '../persistence/model-files.js';
import { CatalogueEntries } from '../search/catalogue-entries.js';
import { ForwardBytes } from './forward-bytes.js';
import { type HeaderRead, KeptHeaders } from './kept-headers.js';

/** No real header is as long; over a network one must not cost as much as the limits allow on a disk. */
const limits = { ...ggufLimits, headerBytes: 48 * 2 ** 20 };
const DEADLINE_MS = 15_000;

/**
 * Headers of model files, without the files: from the storage when the model is installed, else from the first source
 * that hands out bytes at once. What is read under a digest is kept. It never fails: it says why there is none.
 */
@Injectable()
export class FileHeaders {
  private readonly reading = new Map<string, Promise<HeaderRead>>();

  constructor(
    private readonly kept: KeptHeaders,
    private readonly entries: CatalogueEntries,
    private readonly files: ModelFiles,
    private readonly sources: ModelSources,
  ) {}

  /** @param ask false: only what is known or lies here */
  async of(entry: CatalogueEntry, ask: boolean): Promise<HeaderRead> {
    const { digest } = entry;
    const known = digest && (await this.kept.of([digest])).get(digest);
    if (known) return known;
    const key = `${digest ?? entry.id} ${ask}`;
    let reading = this.reading.get(key);
    if (!reading) {
      reading = this.read(entry, ask).finally(() => this.reading.delete(key));
      this.reading.set(key, reading);
    }
    return reading;
  }

  private async read(entry: CatalogueEntry, ask: boolean): Promise<HeaderRead> {
    const { digest, sizeBytes } = entry;
    try {
      if (digest && (await this.files.sizeOf(digest)) === sizeBytes)
        return await this.keep(digest, { header: await this.files.storedHeader(digest, sizeBytes), problem: null });
      if (!ask) return { header: null, problem: 'The header of the file was not read yet.' };
      return await this.keep(digest, { header: await this.fromSources(entry), problem: null });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const told: HeaderRead = { header: null, problem: error.message };
      // What the file itself is at fault for is kept a while, if it was the file: a network can put something in its place.
      return error.code.startsWith('gguf.') && error.code !== 'gguf.truncated' ? this.keep(digest, told) : told;
    }
  }

  private async fromSources(entry: CatalogueEntry): Promise<GgufInfo> {
    // A source that needs room has to fetch a whole package before it can show the first byte.
    const candidates = this.sources.inOrder.filter((source) => source.offers(entry) && source.extraBytes(entry) === 0);
    let last: DomainError = notAtSource('huggingface', 'No source can show the header of the file.');
    for (const source of candidates) {
      try {
        return await beginningOf(source, entry);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        last = error;
      }
    }
    throw last;
  }

  private async keep(digest: string | null, read: HeaderRead): Promise<HeaderRead> {
    if (digest) {
      await this.kept.keep(digest, read);
      if (read.header) await this.entries.measured(digest, read.header);
    }
    return read;
  }
}

async function beginningOf(source: ModelSource, entry: CatalogueEntry): Promise<GgufInfo> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  try {
    await using opened = await source.open(entry, { from: 0, signal, onProgress: () => undefined });
    if (opened.totalBytes !== null && opened.totalBytes !== entry.sizeBytes)
      throw wrongSize(entry.sizeBytes, opened.totalBytes);
    return await parseGguf(new ForwardBytes(opened.chunks, entry.sizeBytes), limits);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new DomainError('timeout', 'explore.source-unavailable', 'The header of the file took too long to come.');
  }
}
