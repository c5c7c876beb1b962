import { DomainError } from '@app/kernel';
import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { GetHubModel } from '../contracts/index.js';
import { EntryFiles } from '../fit/entry-files.js';
import { HubApi } from '../sources/hub-api.js';
import { HubSearch } from '../sources/hub-search.js';

@Handles(GetHubModel)
export class GetHubModelHandler {
  constructor(
    private readonly hub: HubSearch,
    private readonly files: EntryFiles,
    private readonly api: HubApi,
  ) {}

  async handle({ repo }: DataOf<GetHubModel>): Promise<ResultOf<GetHubModel>> {
    const { value } = await this.hub.model(repo);
    const files = await this.files.ofRepository(repo).catch((error: unknown) => {
      if (!(error instanceof DomainError)) throw error;
      // What the repository is, is worth telling without its files.
      return { items: [], problem: { code: error.code, message: error.message } };
    });
    return { ...value, url: this.api.urlOf(...repo.split('/')).href, files };
  }
}
