import { Config } from '@app/config';
import { Handles, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { ListCatalogue } from '../contracts/index.js';
import { Catalogue, sourcesOf } from '../domain/catalogue.js';
import { installColumns, type InstallRow, toInstall } from '../persistence/install-rows.js';
import { InstalledModels } from '../persistence/installed-models.js';

@Handles(ListCatalogue)
export class ListCatalogueHandler {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly models: InstalledModels,
    private readonly db: Database,
    private readonly config: Config,
  ) {}

  async handle(): Promise<ResultOf<ListCatalogue>> {
    const entries = await this.catalogue.list();
    const installed = await this.models.catalogueIds();
    const rows = await this.db.query<InstallRow>(
      `SELECT DISTINCT ON (catalogue_id) ${installColumns} FROM explore.installs
       WHERE catalogue_id = ANY ($1::text[]) ORDER BY catalogue_id, created_at DESC, id DESC`,
      [entries.map(({ id }) => id)],
    );
    const latest = new Map(rows.map((row) => [row.catalogue_id, toInstall(row).view()]));
    const items = entries.map((entry) => ({
      ...entry,
      sources: sourcesOf(entry),
      default: entry.id === this.config.inference.defaultModel,
      installed: installed.some((model) => model.catalogue_id === entry.id || model.digest === entry.digest),
      install: latest.get(entry.id) ?? null,
    }));
    return { items };
  }
}
