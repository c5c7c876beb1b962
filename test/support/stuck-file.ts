import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTinyGguf } from '@app/testing';
import type { InstallView } from '../../src/explore/contracts/index.js';
import type { Client } from './client.js';
import type { Parley } from './parley.js';
import { until } from './tiny-server.js';

/** The reaction that deletes the file of a model that was removed. */
export const queue = 'explore.delete-file-on-model-removed';

/** A model whose file can be made one that no process can delete: a folder lies in its place. */
export class StuckFile {
  private constructor(
    private readonly client: Client,
    private readonly path: string,
    readonly modelId: string,
    readonly digest: string,
  ) {}

  /** Installs a tiny model of its own. */
  static async install(parley: Parley, client: Client, name: string): Promise<StuckFile> {
    await writeTinyGguf(join(parley.dataDir, `offered/${name}.gguf`), { name });
    const asked = await client.post<InstallView>('/api/explore/installs', { catalogueId: `folder:${name}.gguf` });
    await until(async () => {
      const { status } = await client.get<InstallView>(`/api/explore/installs/${asked.id}`);
      if (status === 'failed') throw new Error(`${name} could not be installed`);
      return status === 'installed';
    });
    type Model = { id: string; digest: string };
    const { items } = await client.get<{ items: Model[] }>('/api/explore/models');
    const model = items.find(({ id }) => id === name)!;
    return new StuckFile(client, join(parley.dataDir, `models/${model.digest}.gguf`), model.id, model.digest);
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  async stick(): Promise<void> {
    await rm(this.path);
    await mkdir(join(this.path, 'in the way'), { recursive: true });
  }

  /** There is a file again, which can be deleted. */
  async loosen(): Promise<void> {
    await rm(this.path, { recursive: true });
    await writeFile(this.path, 'what is left');
  }

  /** Removes the model; its file goes afterwards. */
  remove(): Promise<void> {
    return this.client.request('DELETE', `/api/explore/models/${encodeURIComponent(this.modelId)}`);
  }
}
