import { Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { MessageBus } from '@app/messaging';
import { type ResolvedAdapter, ResolveAdapters } from '../../explore/contracts/index.js';
import type { AdapterChoice, UsedAdapter } from '../contracts/index.js';
import type { AdapterUse } from '../domain/engine.js';
import { LocalModels } from './local-models.js';
import type { ResolvedModel } from './model-registry.js';

/** A model with adapters on top of it, as the engine takes them and as the answer keeps them. */
export interface WithAdapters extends ResolvedModel {
  adapters: AdapterUse[];
  used: UsedAdapter[];
}

/** Which adapters an answer may have. Explore is asked each time: it knows who may see them, and which version counts. */
@Injectable()
export class AdapterRegistry {
  constructor(
    private readonly bus: MessageBus,
    private readonly files: LocalModels,
  ) {}

  /**
   * On behalf of the actor of the ambient message.
   *
   * @throws DomainError `inference.adapters-not-supported`, `inference.adapter-wrong-base`, `explore.adapter-not-found`,
   *   `explore.adapter-not-ready`, `explore.adapter-no-gguf`
   */
  async add(model: ResolvedModel, choices: readonly AdapterChoice[]): Promise<WithAdapters> {
    if (choices.length === 0) return { ...model, adapters: [], used: [] };
    if (!model.engine.takesAdapters)
      throw new DomainError('invalid', 'inference.adapters-not-supported', 'This model takes no adapters.', {
        model: model.id,
      });
    const wanted = choices.map(({ id, version }) => ({ id, ...(version !== undefined && { version }) }));
    const { adapters } = await this.bus.query(new ResolveAdapters({ adapters: wanted }));
    for (const { baseDigest, id } of adapters)
      if (baseDigest !== model.digest)
        throw new DomainError('invalid', 'inference.adapter-wrong-base', 'The adapter is for another model.', {
          ...{ adapter: id, base: baseDigest, model: model.digest },
        });
    const each = <T>(make: (adapter: ResolvedAdapter, scale: number) => T) =>
      adapters.map((adapter, index) => make(adapter, choices[index]?.scale ?? 1));
    return {
      ...model,
      adapters: each(({ sha256, key }, scale) => ({ adapter: this.files.adapterPath(sha256, key), scale })),
      used: each(({ id, name, version, sha256: digest }, scale) => ({ id, name, version, scale, digest })),
    };
  }
}
