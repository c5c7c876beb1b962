import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { readGguf } from '@app/gguf';
import { Database } from '@app/persistence';
import { Catalogue, type CatalogueEntry } from '../domain/catalogue.js';
import { unknownCatalogueEntry } from '../domain/errors.js';
import { builtInCatalogue } from './built-in.js';
import { type FolderFile, modelFolderFiles } from './model-folder.js';

export const FOLDER_PREFIX = 'folder:';

/** The built-in entries, files of the hub that were chosen, and each other valid model of EXPLORE_MODEL_FOLDER as `folder:<file name>`. */
@Injectable()
export class FolderCatalogue extends Catalogue {
  /** Headers that were read, by path, size and time of change; null for a file that is no model. */
  private readonly headers = new Map<string, Promise<CatalogueEntry | null>>();

  constructor(
    private readonly config: Config,
    private readonly db: Database,
  ) {
    super();
  }

  async list(): Promise<CatalogueEntry[]> {
    return [...builtInCatalogue, ...(await this.fromFolder())];
  }

  async get(id: string): Promise<CatalogueEntry> {
    if (id.startsWith('hf:')) return this.fromHub(id);
    const candidates: CatalogueEntry[] = id.startsWith(FOLDER_PREFIX) ? await this.fromFolder() : builtInCatalogue;
    const entry = candidates.find((candidate) => candidate.id === id);
    if (!entry) throw unknownCatalogueEntry(id);
    return entry;
  }

  /** A file of the hub that was put in the catalogue; its header says the rest once it is here. */
  private async fromHub(id: string): Promise<CatalogueEntry> {
    const [row] = await this.db.query<HubRow>(
      `SELECT name, description, license, parameters, quantization, context_length, size_bytes, digest, places
       FROM explore.catalogue_entries WHERE id = $1 AND origin = 'hub' AND digest IS NOT NULL`,
      [id],
    );
    if (!row) throw unknownCatalogueEntry(id);
    const { name, description, license, digest, places } = row;
    return {
      ...{ id, name, description, license, digest, sources: places },
      parameters: Number(row.parameters ?? 0),
      quantization: row.quantization ?? '',
      contextLength: row.context_length ?? 0,
      sizeBytes: Number(row.size_bytes),
    };
  }

  private async fromFolder(): Promise<CatalogueEntry[]> {
    if (!this.config.explore.sources.includes('folder')) return [];
    const files = await modelFolderFiles(this.config.explore.modelFolder);
    const entries = await Promise.all(files.filter((file) => !isBuiltIn(file)).map((file) => this.describe(file)));
    return entries.filter((entry) => entry !== null);
  }

  private describe(file: FolderFile): Promise<CatalogueEntry | null> {
    const key = `${file.path}\0${file.sizeBytes}\0${file.modifiedMs}`;
    let known = this.headers.get(key);
    if (!known) {
      if (this.headers.size > 2000) this.headers.clear();
      // What is no model is simply not offered; the reason is told by who tries to install it by hand.
      known = entryOf(file).catch(() => null);
      this.headers.set(key, known);
    }
    return known;
  }
}

interface HubRow {
  name: string;
  description: string;
  license: string | null;
  parameters: string | null;
  quantization: string | null;
  context_length: number | null;
  size_bytes: string;
  digest: string;
  places: CatalogueEntry['sources'];
}

/** A built-in model under its own name and size is installed as the built-in entry. */
const isBuiltIn = (file: FolderFile) =>
  builtInCatalogue.some(
    (entry) =>
      entry.sizeBytes === file.sizeBytes &&
      (entry.sources.huggingface?.file === file.name || file.name === `${entry.digest}.gguf`),
  );

async function entryOf(file: FolderFile): Promise<CatalogueEntry> {
  const header = await readGguf(file.path);
  return {
    id: `${FOLDER_PREFIX}${file.name}`,
    name: header.name ?? file.name.replace(/\.gguf$/i, ''),
    description: `From this server's model folder: ${file.name}`,
    license: header.license,
    parameters: header.parameters,
    quantization: header.quantization,
    contextLength: header.contextLength,
    sizeBytes: file.sizeBytes,
    digest: null,
    sources: { folder: { file: file.name } },
  };
}
