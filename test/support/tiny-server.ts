import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshFolder, type TinyGgufOptions, writeTinyGguf } from '@app/testing';
import type { ModelView } from '../../src/inference/contracts/index.js';
import { apiKey, Parley, type ParleyOptions } from './parley.js';
import { Client } from './client.js';

export interface TinyServer {
  parley: Parley;
  client: Client;
}

/** Data folder with an empty database (no initdb needed) and a model folder with one tiny model. */
export async function prepareDataDir(model: TinyGgufOptions = {}): Promise<string> {
  const dataDir = Parley.freshDataDir();
  await freshFolder(join(dataDir, 'db'));
  mkdirSync(join(dataDir, 'offered'));
  await writeTinyGguf(join(dataDir, 'offered/tiny.gguf'), model);
  return dataDir;
}

/** The product with a tiny model as its default, ready to answer. */
export async function startTiny(
  { dataDir, env, ...options }: ParleyOptions = {},
  model: TinyGgufOptions = {},
): Promise<TinyServer> {
  const folder = dataDir ?? (await prepareDataDir(model));
  const parley = await Parley.start({
    ...options,
    dataDir: folder,
    env: {
      EXPLORE_MODEL_FOLDER: join(folder, 'offered'),
      INFERENCE_DEFAULT_MODEL: 'folder:tiny.gguf',
      ...env,
    },
  });
  const client = new Client(parley.url, apiKey);
  await untilModel(client);
  return { parley, client };
}

/** Resolves when the model of the server can answer. One of an upstream is the default before that. */
export async function untilModel(client: Client): Promise<ModelView> {
  for (let tries = 0; tries < 600; tries++) {
    const { items } = await client.get<{ items: ModelView[] }>('/api/models');
    const model = items.find((candidate) => candidate.default && candidate.engine === 'llama-cpp');
    if (model) return model;
    await sleep(50);
  }
  throw new Error('no model was installed in time');
}

/** Asks until the condition holds; for what another process does in its own time. */
export async function until<T>(look: () => Promise<T | undefined | false>, tries = 1_200): Promise<T> {
  for (let count = 0; count < tries; count++) {
    const found = await look();
    if (found) return found;
    await sleep(25);
  }
  throw new Error('it did not come about in time');
}
