import type { SourceName } from '../contracts/index.js';
import type { CatalogueEntry } from './catalogue.js';

export interface OpenRequest {
  /** Bytes that are already here; a source that cannot skip them starts at 0 and says so. */
  from: number;
  signal: AbortSignal;
  /** For sources that fetch a package before they can hand out bytes: how far that is, in bytes. */
  onProgress(receivedBytes: number): void;
}

export interface OpenedModel extends AsyncDisposable {
  /** Position of the first byte of `chunks`: the requested one, or 0. */
  offset: number;
  /** Size of the whole file as the source announces it. */
  totalBytes: number | null;
  chunks: AsyncIterable<Uint8Array>;
}

/**
 * A place that has model files. It hands out bytes and judges nothing: size, digest and header are checked by the
 * download. Fails with `explore.*` errors; `explore.source-unavailable` is the one worth another try.
 */
export abstract class ModelSource {
  abstract readonly name: SourceName;
  /**
   * How often a broken connection is opened again without any new byte before the source is given up; once at most
   * while there is no byte at all.
   */
  abstract readonly retries: number;
  /** Whether this source could have the entry at all. */
  abstract offers(entry: CatalogueEntry): boolean;
  /** Room on the disk that it needs beside the file itself. */
  abstract extraBytes(entry: CatalogueEntry): number;
  abstract open(entry: CatalogueEntry, request: OpenRequest): Promise<OpenedModel>;
}

/** The sources in the order in which they are tried. */
export abstract class ModelSources {
  abstract readonly inOrder: readonly ModelSource[];
}
