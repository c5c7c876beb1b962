import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import { Catalogue, type CatalogueEntry } from '../domain/catalogue.js';
import { unknownCatalogueEntry } from '../domain/errors.js';
import { builtInCatalogue } from './built-in.js';
import { FOLDER_PREFIX, LocalModels, OLLAMA_PREFIX } from './local-models.js';

/** The built-in entries, files of the hub that were chosen, and the models of this machine as `folder:<file name>` and `ollama:<name>`. */
@Injectable()
export class KnownCatalogue extends Catalogue {
  constructor(
    private readonly local: LocalModels,
    private readonly db: Database,
  ) {
    super();
  }

  async list(): Promise<CatalogueEntry[]> {
    return [...builtInCatalogue, ...(await this.local.list())];
  }

  async get(id: string): Promise<CatalogueEntry> {
    if (id.startsWith('hf:')) return this.fromHub(id);
    const entry = (await this.candidates(id)).find((candidate) => candidate.id === id);
    if (!entry) throw unknownCatalogueEntry(id);
    return entry;
  }

  private async candidates(id: string): Promise<CatalogueEntry[]> {
    if (id.startsWith(FOLDER_PREFIX)) return this.local.fromFolder();
    return id.startsWith(OLLAMA_PREFIX) ? this.local.fromOllama() : builtInCatalogue;
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
