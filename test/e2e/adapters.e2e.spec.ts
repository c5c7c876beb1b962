import { createHash } from 'node:crypto';
import { encodeLitertlm, tinyAdapter } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdapterView, BrowserModelView, FileView, UploadView } from '../../src/explore/contracts/index.js';
import { addAdapter, baseOf, converted, upload } from '../support/adapters.js';
import { Client, HttpError } from '../support/client.js';
import { apiKey } from '../support/parley.js';
import { tinyBrowserAdapter, tinyMediaPipeModel } from '../support/tiny-mediapipe.js';
import { startTiny, type TinyServer, until } from '../support/tiny-server.js';

let server: TinyServer;
let client: Client;
let base: string;

beforeAll(async () => {
  // However late the engine is killed, its answer goes on token for token.
  server = await startTiny({ env: { INFERENCE_EXACT_CONTINUATION_TOKENS: '1000' } }, { kind: 'random' });
  ({ client } = server);
  ({ digest: base } = await baseOf(client));
});
afterAll(() => server.parley.dispose());

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const problem = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: HttpError) => [error.status, error.body.code],
  );
const raw = (path: string, init: RequestInit = {}) =>
  fetch(client.url + path, { ...init, headers: { authorization: `Bearer ${apiKey}`, ...init.headers } });

describe('uploads as tus has them', () => {
  it('go on after a lost connection, byte for byte', async () => {
    const bytes = Buffer.alloc(5 * 2 ** 20 + 17, 'parley');
    const id = await upload(client, bytes, 'a/b/ünï.bin', { cutAfter: 2 ** 20 });
    const view = await client.get<UploadView>(`/api/uploads/${id}`);
    expect(view).toMatchObject({ fileName: 'ünï.bin', sizeBytes: bytes.length, receivedBytes: bytes.length });
    const head = await raw(`/api/uploads/${id}`, { method: 'HEAD' });
    expect(head.headers.get('upload-offset')).toBe(String(bytes.length));
    expect(await client.request('DELETE', `/api/uploads/${id}`)).toBeUndefined();
    expect(await problem(client.get(`/api/uploads/${id}`))).toEqual([404, 'explore.upload-not-found']);
  });

  it('refuse what the protocol does not allow, in the words of the API', async () => {
    const create = (headers: Record<string, string>) => raw('/api/uploads', { method: 'POST', headers });
    expect((await create({ 'upload-length': 'many' })).status).toBe(400);
    expect((await create({ 'upload-length': String(2 ** 50) })).status).toBe(413);
    const old = await create({ 'tus-resumable': '0.2.2', 'upload-length': '3' });
    expect([old.status, old.headers.get('tus-version')]).toEqual([412, '1.0.0']);
    const made = await create({ 'upload-length': '3', 'tus-resumable': '1.0.0' });
    const location = made.headers.get('location')!;
    const patch = (offset: string, type: string) =>
      raw(location, { method: 'PATCH', body: 'abc', headers: { 'upload-offset': offset, 'content-type': type } });
    expect((await patch('0', 'application/json')).status).toBe(400);
    expect((await patch('0', 'text/plain')).status).toBe(415);
    const wrong = await patch('2', 'application/offset+octet-stream');
    expect([wrong.status, await wrong.json()]).toMatchObject([409, { code: 'explore.upload-offset' }]);
    expect((await patch('0', 'application/offset+octet-stream')).headers.get('upload-offset')).toBe('3');
    const elsewhere = await raw('/api/adapters', {
      method: 'POST',
      body: 'abc',
      headers: { 'content-type': 'application/offset+octet-stream' },
    });
    expect(elsewhere.status).toBe(415);
  });
});

describe('an adapter', () => {
  it('is uploaded, converted, delivered by its digest, and gone when it is deleted', async () => {
    const made = await addAdapter(client, tinyAdapter(), { baseDigest: base, license: 'MIT' });
    expect(made).toMatchObject({ current: 1, versions: [{ status: 'ready', rank: 4 }] });
    const { url, sha256: digest, sizeBytes } = made.versions[0]!.files[0]!;
    // Whoever has the link needs nothing else; whoever has only the digest must be somebody.
    const file = await fetch(client.url + url);
    const bytes = Buffer.from(await file.arrayBuffer());
    expect([file.status, bytes.length, sha256(bytes)]).toEqual([200, sizeBytes, digest]);
    expect(file.headers.get('cache-control')).toBe('private, max-age=31536000, immutable, no-transform');
    expect(file.headers.get('content-security-policy')).toContain("connect-src 'self';");
    const part = await fetch(client.url + url, { headers: { range: 'bytes=4-7', 'if-range': `"${digest}"` } });
    expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, bytes.subarray(4, 8)]);
    const path = `/files/${digest}/x.gguf`;
    expect((await fetch(client.url + path)).status).toBe(401);
    expect((await raw(path, { method: 'HEAD' })).headers.get('content-length')).toBe(String(sizeBytes));
    expect((await fetch(`${client.url}${url}x`)).status).toBe(403);
    expect(await client.get<FileView>(`/api/files/${digest}`)).toMatchObject({ sizeBytes, name: 'Pirate.lora.gguf' });

    await client.request('DELETE', `/api/adapters/${made.id}`);
    expect(await problem(client.get(`/api/adapters/${made.id}`))).toEqual([404, 'explore.adapter-not-found']);
    expect((await raw(path)).status).toBe(404);
  });

  it('is nobody else’s business while it is private', async () => {
    const made = await addAdapter(client, tinyAdapter({ seed: 3 }), { baseDigest: base });
    const account = { email: 'other@example.org', password: 'another good password', name: 'Other' };
    const { accessToken } = await client.post<{ accessToken: string }>('/api/auth/sign-up', account);
    const other = new Client(client.url, accessToken);
    const [file] = made.versions[0]!.files;
    expect(await problem(other.get(`/api/adapters/${made.id}`))).toEqual([404, 'explore.adapter-not-found']);
    expect(await problem(other.get(`/api/files/${file!.sha256}`))).toEqual([404, 'explore.file-not-found']);
    expect((await other.get<{ items: unknown[] }>('/api/adapters')).items).toEqual([]);
    const open = await client.request<AdapterView>('PATCH', `/api/adapters/${made.id}`, { visibility: 'public' });
    expect(open.visibility).toBe('public');
    expect(await other.get(`/api/adapters/${made.id}`)).toMatchObject({ mine: false });
    const shared = await raw(`/files/${file!.sha256}/x`);
    expect(shared.headers.get('cache-control')).toMatch(/^public, max-age=31536000, immutable/);
    await shared.body?.cancel();
    expect(await problem(other.request('DELETE', `/api/adapters/${made.id}`))).toEqual([
      404,
      'explore.adapter-not-found',
    ]);
  });
});

describe('an answer with an adapter', () => {
  const text = 'Tell me a story';
  let adapter: AdapterView;
  beforeAll(async () => {
    adapter = await addAdapter(client, tinyAdapter({ seed: 5 }), { baseDigest: base });
  });
  const complete = async (body: Record<string, unknown>, as = client) => {
    const messages = [{ role: 'user', content: text }];
    const answer = await as.post<{ choices: { message: { content: string } }[] }>('/v1/chat/completions', {
      ...{ model: 'tiny', messages, temperature: 0, max_tokens: 40 },
      ...body,
    });
    return answer.choices[0]!.message.content;
  };

  it('over /v1 is another one, and at strength 0 the same as without', async () => {
    const plain = await complete({});
    const changed = await complete({ adapters: [{ id: adapter.id }] });
    expect(changed).not.toBe(plain);
    expect(await complete({ model: `tiny:${adapter.id}` })).toBe(changed);
    expect(await complete({ adapters: [{ id: adapter.id, scale: 0 }] })).toBe(plain);
    expect(await complete({})).toBe(plain);
  });

  it('is refused where the adapter is not for the model, not there, or not theirs', async () => {
    const missing = complete({ adapters: [{ id: '019a0000-0000-7000-8000-000000000009' }] });
    expect((await missing.catch((error: HttpError) => error)) as unknown).toMatchObject({
      status: 404,
      body: { error: { code: 'explore.adapter-not-found' } },
    });
    const account = { email: 'third@example.org', password: 'another good password', name: 'Third' };
    const { accessToken } = await client.post<{ accessToken: string }>('/api/auth/sign-up', account);
    const theirs = complete({ adapters: [{ id: adapter.id }] }, new Client(client.url, accessToken));
    expect(await theirs.catch((error: HttpError) => error.status)).toBe(404);
  });

  it('in a chat says which one it was, and outlives the engine', async () => {
    // So many that the engine can be killed in the middle of them.
    const sampler = { temperature: 0, maxTokens: 900 };
    const ask = async (more: Record<string, unknown>, kill = false) => {
      const { id } = await client.start();
      const { answer } = await client.send(id, { text, sampler, ...more });
      let said = '';
      for await (const { event, data } of client.stream(answer)) {
        if (event === 'token') said += String(data['text']);
        expect(event).not.toBe('restart');
        if (kill && said.length > 0) {
          kill = false;
          process.kill(server.parley.enginePid()!, 'SIGKILL');
        }
      }
      // The chat hears of the end after the reader, where it is another process.
      const message = await until(async () => {
        const last = (await client.conversation(id)).messages.at(-1)!;
        return last.metadata || last.error ? last : undefined;
      });
      return { said, ...message };
    };
    const plain = await ask({});
    expect(plain.metadata).toMatchObject({ adapterDigests: [], adapters: [] });
    const adapters = [{ id: adapter.id, scale: 0.8 }];
    const whole = await ask({ adapters });
    const digest = adapter.versions[0]!.files[0]!.sha256;
    expect(whole).toMatchObject({
      status: 'complete',
      metadata: {
        modelDigest: base,
        adapterDigests: [digest],
        adapters: [{ id: adapter.id, name: 'Pirate', version: 1, scale: 0.8, digest }],
      },
    });
    expect(whole.text).not.toBe(plain.text);
    const cut = await ask({ adapters }, true);
    expect(cut.metadata).toMatchObject({ continuations: 1, continuationMode: 'exact' });
    expect([cut.said, cut.text]).toEqual([whole.text, whole.text]);
    const gone = await ask({ adapters: [{ id: '019a0000-0000-7000-8000-000000000009' }] });
    expect(gone).toMatchObject({ status: 'failed', error: { code: 'explore.adapter-not-found' } });
  });
});

describe('a model for the browser', () => {
  it('is uploaded by an administrator, delivered, and takes adapters of its shape alone', async () => {
    const bytes = tinyMediaPipeModel();
    const uploadId = await upload(client, bytes, 'tiny.bin');
    const model = await client.post<BrowserModelView>('/api/explore/browser-models', {
      id: 'tiny-web',
      name: 'Tiny',
      uploadId,
    });
    expect(model).toMatchObject({ format: 'bin', lora: true, digest: sha256(bytes), sizeBytes: bytes.length });
    const { url } = await client.get<FileView>(`/api/files/${model.digest}`);
    expect(sha256(Buffer.from(await (await fetch(client.url + url)).arrayBuffer()))).toBe(model.digest);

    const wrong = await addAdapter(client, tinyAdapter(), { baseDigest: null, browserBaseDigest: model.digest });
    expect(wrong.versions[0]).toMatchObject({ status: 'failed', error: { code: 'explore.adapter-wrong-base' } });
    const right = await addAdapter(client, tinyBrowserAdapter(), { browserBaseDigest: model.digest });
    expect(right.versions[0]).toMatchObject({ status: 'ready', rank: 4, files: [{ encoding: 'mediapipe' }] });
    const again = await upload(
      client,
      Buffer.from(await (await fetch(client.url + right.versions[0]!.files[0]!.url)).arrayBuffer()),
    );
    const asItIs = await client.post<AdapterView>('/api/adapters', {
      name: 'As it is',
      browserBaseDigest: model.digest,
      uploadIds: [again],
    });
    expect((await converted(client, asItIs)).versions[0]).toMatchObject({ status: 'ready' });
    const packed = encodeLitertlm([{ type: 'tf_lite_artisan_text_decoder', bytes }]);
    const asPackage = { id: 'tiny-package', name: 'Tiny', uploadId: await upload(client, packed, 'tiny.litertlm') };
    const pack = await client.post<BrowserModelView>('/api/explore/browser-models', asPackage);
    expect(pack).toMatchObject({ format: 'litertlm', lora: true, digest: sha256(packed) });
    const onPackage = await addAdapter(client, tinyBrowserAdapter(), { browserBaseDigest: pack.digest });
    expect(onPackage.versions[0]).toMatchObject({ status: 'ready', files: [{ encoding: 'mediapipe' }] });
    const task = await upload(client, Buffer.from('PK\u0003\u0004 and more'), 'tiny.task');
    const refused = client.post('/api/explore/browser-models', { id: 'tiny-task', name: 'Tiny', uploadId: task });
    expect(await problem(refused)).toEqual([400, 'explore.not-a-model']);

    await client.request('DELETE', '/api/explore/browser-models/tiny-web');
    expect(await problem(client.get(`/api/files/${model.digest}`))).toEqual([404, 'explore.file-not-found']);
  });
});
