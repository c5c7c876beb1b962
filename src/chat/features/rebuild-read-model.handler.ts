import { type DataOf, Handles, type MessageContext, type ResultOf } from '@app/messaging';
import { Projections } from '@app/persistence';
import { RebuildReadModel } from '../contracts/index.js';

@Handles(RebuildReadModel)
export class RebuildReadModelHandler {
  constructor(private readonly projections: Projections) {}

  async *handle(
    { name }: DataOf<RebuildReadModel>,
    { signal }: MessageContext,
  ): AsyncGenerator<ResultOf<RebuildReadModel>> {
    for await (const events of this.projections.rebuilding(name, signal)) yield { events };
  }
}
