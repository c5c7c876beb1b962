import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { newId } from '@app/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { apiKey, Parley } from '../support/parley.js';
import { until } from '../support/tiny-server.js';

const s3 = process.env['TEST_S3_URL'];
const model = process.env['PARLEY_TEST_MODEL'];

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
const models = async ({ url }: Parley) =>
  ((await (await fetch(`${url}/api/models`, { headers })).json()) as { items: { id: string }[] }).items;
const answer = async ({ url }: Parley, id: string) => {
  const messages = [{ role: 'user', content: 'What is the capital of France?' }];
  const body = JSON.stringify({ model: id, messages, max_tokens: 12, temperature: 0 });
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content;
};

describe.skipIf(!s3 || !model)('models in object storage', () => {
  it('are installed once, and answer in a process that has neither the file nor a source', async () => {
    const server = new URL(s3!);
    const credentials = { accessKeyId: server.username, secretAccessKey: server.password };
    const admin = new S3Client({ endpoint: server.origin, region: 'us-east-1', credentials, forcePathStyle: true });
    const bucket = `e2e-${newId()}`;
    await admin.send(new CreateBucketCommand({ Bucket: bucket }));
    ends.push(() => admin.destroy());
    const stored = async () => (await admin.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? [];
    const env = {
      STORAGE_URL: `s3://${bucket}/models`,
      S3_ENDPOINT: server.origin,
      S3_ACCESS_KEY_ID: server.username,
      S3_SECRET_ACCESS_KEY: server.password,
      S3_FORCE_PATH_STYLE: 'true',
    };
    const start = async (more: Record<string, string> = {}) => {
      const parley = await Parley.start({ env: { ...env, ...more } });
      ends.push(() => parley.dispose());
      const [first] = await until(async () => {
        const found = await models(parley);
        return found.length > 0 && found;
      });
      return { parley, id: first!.id, files: join(parley.dataDir, 'models') };
    };

    const one = await start({ EXPLORE_MODEL_FOLDER: model! });
    const digest = createHash('sha256')
      .update(await readFile(model!))
      .digest('hex');
    expect(await stored()).toMatchObject([{ Key: `models/${digest}.gguf`, Size: (await stat(model!)).size }]);
    expect(readdirSync(one.files)).toEqual(['.partial']);
    const said = await answer(one.parley, one.id);
    expect(said).toMatch(/\w/);

    const other = await start();
    expect(existsSync(join(other.files, `${digest}.gguf`))).toBe(false);
    expect(await answer(other.parley, other.id)).toBe(said);
    expect(existsSync(join(other.files, `${digest}.gguf`))).toBe(true);

    const { authorization } = headers;
    const url = `${one.parley.url}/api/explore/models/${one.id}`;
    expect((await fetch(url, { method: 'DELETE', headers: { authorization } })).status).toBe(204);
    await until(async () => (await stored()).length === 0);
    await until(async () => !existsSync(join(one.files, `${digest}.gguf`)));
  });
});
