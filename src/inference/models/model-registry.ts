import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { MessageBus } from '@app/messaging';
import { Database } from '@app/persistence';
import type { ModelView } from '../contracts/index.js';
import type { Engine } from '../domain/engine.js';
import { LocalModels } from './local-models.js';

/** The engines of this process. `upstream` is absent when no upstream is configured. */
export interface Engines {
  local: Engine;
  upstream: { name: string; engine: Engine } | null;
}
export const ENGINES = Symbol('inference engines');

export interface ResolvedModel {
  /** As users and programs name it. */
  id: string;
  digest: string | null;
  engine: Engine;
  /** As the engine names it. */
  engineModel: string;
}

interface ModelRow {
  id: string;
  name: string;
  digest: string;
  size_bytes: string;
  context_length: number | null;
  is_default: boolean;
}

/** Tells every process that the list of models changed. */
const CHANGED = 'inference.models';
/** Such a hint can be lost. */
const STALE_MS = 5_000;

/** Which models can answer, and with which engine. Keeps a copy of what explore says is installed. */
@Injectable()
export class ModelRegistry {
  #installed: Promise<ModelRow[]> | null = null;
  #readAt = -Infinity;

  constructor(
    private readonly db: Database,
    private readonly files: LocalModels,
    @Inject(ENGINES) private readonly engines: Engines,
    private readonly bus: MessageBus,
  ) {
    bus.onSignal(CHANGED, () => (this.#installed = null));
  }

  async list(): Promise<ModelView[]> {
    const installed = await this.#rows();
    const hasDefault = installed.some((row) => row.is_default);
    const local = installed.map((row, index): ModelView => ({
      id: row.id,
      name: row.name,
      engine: 'llama-cpp',
      default: hasDefault ? row.is_default : index === 0,
      digest: row.digest,
      contextLength: row.context_length,
      sizeBytes: Number(row.size_bytes),
    }));
    return [...local, ...(await this.#upstreamModels(local.length === 0))];
  }

  /** @param id null for the default model */
  async resolve(id: string | null): Promise<ResolvedModel> {
    const { local, upstream } = this.engines;
    const installed = await this.#rows();
    const row = id ? installed.find((model) => model.id === id) : (installed.find((m) => m.is_default) ?? installed[0]);
    if (row) {
      const engineModel = this.files.pathOf(row.digest);
      return { id: row.id, digest: row.digest, engine: local, engineModel };
    }
    if (upstream && id?.startsWith(`${upstream.name}/`)) {
      return { id, digest: null, engine: upstream.engine, engineModel: id.slice(upstream.name.length + 1) };
    }
    if (upstream && id === null) {
      const [first] = await this.#upstreamModels(true);
      if (first) return this.resolve(first.id);
    }
    if (id === null) {
      throw new DomainError(
        'unavailable',
        'inference.no-model',
        'No model is installed yet. Install one under Models.',
      );
    }
    throw new DomainError('not-found', 'inference.unknown-model', `There is no model “${id}”.`, { model: id });
  }

  async add(model: {
    modelId: string;
    name: string;
    digest: string;
    sizeBytes: number;
    contextLength: number | null;
    default: boolean;
  }): Promise<void> {
    await this.db.query(
      `INSERT INTO inference.models (id, name, digest, size_bytes, context_length, is_default)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, digest = excluded.digest,
         size_bytes = excluded.size_bytes, context_length = excluded.context_length, is_default = excluded.is_default`,
      [model.modelId, model.name, model.digest, model.sizeBytes, model.contextLength, model.default],
    );
    if (model.default) await this.setDefault(model.modelId);
    this.#forgetCopy();
  }

  async setDefault(modelId: string): Promise<void> {
    await this.db.query(`UPDATE inference.models SET is_default = (id = $1) WHERE is_default <> (id = $1)`, [modelId]);
    this.#forgetCopy();
  }

  async remove(modelId: string, digest: string): Promise<void> {
    await this.db.query(`DELETE FROM inference.models WHERE id = $1`, [modelId]);
    this.#forgetCopy();
    await this.engines.local.unload(this.files.pathOf(digest));
    await this.files.forget(digest);
  }

  #rows(): Promise<ModelRow[]> {
    // Inside a unit of work the rows may be rolled back yet: never keep those.
    if (this.db.inTransaction) return this.#read();
    if (performance.now() - this.#readAt > STALE_MS) {
      this.#installed = null;
      this.#readAt = performance.now();
    }
    this.#installed ??= this.#read().catch((error: unknown) => {
      this.#installed = null;
      throw error;
    });
    return this.#installed;
  }

  #read(): Promise<ModelRow[]> {
    return this.db.query<ModelRow>(
      `SELECT id, name, digest, size_bytes, context_length, is_default FROM inference.models ORDER BY installed_at, id`,
      [],
    );
  }

  #forgetCopy(): void {
    this.db.afterCommit(() => {
      this.#installed = null;
      this.bus.signal(CHANGED);
    });
  }

  async #upstreamModels(firstIsDefault: boolean): Promise<ModelView[]> {
    const { upstream } = this.engines;
    if (!upstream) return [];
    const models = await upstream.engine.models();
    return models.map((model, index) => ({
      id: `${upstream.name}/${model.id}`,
      name: model.name,
      engine: 'openai-compatible',
      default: firstIsDefault && index === 0,
      digest: null,
      contextLength: model.contextLength,
      sizeBytes: model.sizeBytes,
    }));
  }
}
