import { type DataOf, Handles, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { ListApiKeys } from '../contracts/index.js';
import { ApiKeys } from '../persistence/api-keys.js';

@Handles(ListApiKeys)
export class ListApiKeysHandler {
  constructor(private readonly keys: ApiKeys) {}

  async handle(_: DataOf<ListApiKeys>, context: MessageContext): Promise<ResultOf<ListApiKeys>> {
    return { items: await this.keys.listOf(requireActor(context).userId) };
  }
}
