import { setTimeout as sleep } from 'node:timers/promises';
import { Upload } from 'tus-js-client';
import type { AdapterView, InstalledModelView } from '../../src/explore/contracts/index.js';
import { Client } from './client.js';
import { apiKey } from './parley.js';
import { until } from './tiny-server.js';

/** Uploads with tus's own client; answers the id. `cutAfter`: bytes after which the connection is lost once. */
export async function upload(
  client: Client,
  bytes: Uint8Array,
  name = 'file',
  { cutAfter = Infinity, token = apiKey }: { cutAfter?: number; token?: string } = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let cut = cutAfter;
  const task: Upload = new Upload(Buffer.from(bytes), {
    endpoint: `${client.url}/api/uploads`,
    headers: { authorization: `Bearer ${token}` },
    metadata: { filename: name },
    retryDelays: [50, 100, 200],
    storeFingerprintForResuming: false,
    onProgress: (sent) => {
      if (sent < cut) return;
      cut = Infinity;
      void task
        .abort()
        .then(() => sleep(50))
        .then(() => task.start());
    },
    onError: reject,
    onSuccess: () => resolve(task.url!.split('/').at(-1)!),
  });
  task.start();
  return promise;
}

export const baseOf = async (client: Client): Promise<InstalledModelView> =>
  until(async () => (await client.get<{ items: InstalledModelView[] }>('/api/explore/models')).items[0]);

/** Resolves with the adapter once its newest version is ready or failed. */
export const converted = (client: Client, { id }: { id: string }): Promise<AdapterView> =>
  until(async () => {
    const adapter = await client.get<AdapterView>(`/api/adapters/${id}`);
    return ['ready', 'failed'].includes(adapter.versions[0]!.status) && adapter;
  });

/** Uploads and converts an adapter of PEFT. */
export async function addAdapter(
  client: Client,
  { config, weights }: { config: string; weights: Uint8Array },
  more: Record<string, unknown>,
): Promise<AdapterView> {
  const uploadIds = [await upload(client, Buffer.from(config), 'adapter_config.json'), await upload(client, weights)];
  const adapter = await client.post<AdapterView>('/api/adapters', { name: 'Pirate', ...more, uploadIds });
  return converted(client, adapter);
}
