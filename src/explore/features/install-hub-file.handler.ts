import { type DataOf, Handles, MessageBus, type MessageContext, type ResultOf } from '@app/messaging';
import { InstallHubFile, InstallModel } from '../contracts/index.js';
import { notAtSource } from '../domain/errors.js';
import { EntryRows } from '../persistence/entry-rows.js';
import { CatalogueEntries } from '../search/catalogue-entries.js';
import { HubModels } from '../sources/hub-models.js';

/** No transaction is open while the hub is asked. What is stored is an entry like any other, then it is installed. */
@Handles(InstallHubFile, { transaction: false })
export class InstallHubFileHandler {
  constructor(
    private readonly hub: HubModels,
    private readonly entries: CatalogueEntries,
    private readonly rows: EntryRows,
    private readonly bus: MessageBus,
  ) {}

  async handle({ repo, file }: DataOf<InstallHubFile>, context: MessageContext): Promise<ResultOf<InstallHubFile>> {
    const found = (await this.hub.list(repo, context.signal)).find(({ path }) => path === file);
    if (!found) throw notAtSource('huggingface', 'The repository has no such model file.');
    const { quantization, sizeBytes, digest } = found;
    const [known] = await this.rows.list([`hf:${repo}`], null);
    const [owner, title] = repo.split('/');
    const id = `hf:${repo}/${file}`;
    await this.entries.put([
      {
        ...{ id, kind: 'model', origin: 'hub', quantization, sizeBytes, digest, encodings: ['gguf'] },
        name: `${known?.name ?? title!.replace(/-GGUF$/i, '')}${quantization ? ` (${quantization})` : ''}`,
        publisher: known?.publisher ?? owner!,
        description: known?.description ?? `${file} of ${repo} on the hub.`,
        license: known?.license ?? null,
        parameters: known?.parameters ?? null,
        contextLength: known?.contextLength ?? null,
        baseModel: known?.baseModel ?? null,
        baseDigest: null,
        languages: known?.languages ?? [],
        capabilities: known?.capabilities ?? [],
        places: { huggingface: { repo, file, revision: 'main' } },
        addedAt: new Date(),
      },
    ]);
    return this.bus.execute(new InstallModel({ catalogueId: id }));
  }
}
