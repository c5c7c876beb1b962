import { type DataOf, Handles, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { type ResolvedAdapter, ResolveAdapters } from '../contracts/index.js';
import { adapterNoGguf, adapterNotReady } from '../domain/adapter-errors.js';
import { Adapters } from '../persistence/adapters.js';

@Handles(ResolveAdapters)
export class ResolveAdaptersHandler {
  constructor(
    private readonly adapters: Adapters,
    private readonly db: Database,
  ) {}

  async handle({ adapters }: DataOf<ResolveAdapters>, context: MessageContext): Promise<ResultOf<ResolveAdapters>> {
    const actor = requireActor(context);
    const resolved: ResolvedAdapter[] = [];
    for (const { id, version } of adapters) {
      const { name, base_digest: baseDigest, versions } = await this.adapters.visible(id, actor);
      const chosen = versions?.find(({ status, number }) => status === 'ready' && (!version || number === version));
      if (!chosen) throw adapterNotReady(id);
      const [file] = await this.db.query<{ digest: string; size_bytes: string; key: string }>(
        `SELECT digest, size_bytes, key FROM explore.adapter_files WHERE version_id = $1 AND encoding = 'gguf'`,
        [chosen.id],
      );
      if (!file || !baseDigest) throw adapterNoGguf(id);
      const { digest: sha256, key } = file;
      resolved.push({
        ...{ id, name, version: chosen.number, sha256, key, baseDigest },
        sizeBytes: Number(file.size_bytes),
      });
    }
    return { adapters: resolved };
  }
}
