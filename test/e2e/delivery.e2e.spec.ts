/// <reference lib="dom" />
import { createHash } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { newId } from '@app/kernel';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdapterView, BrowserModelView, FileView } from '../../src/explore/contracts/index.js';
import { expectAccessible } from '../support/accessibility.js';
import { addAdapter, upload } from '../support/adapters.js';
import { browserArguments, chromiumPath, gpuArguments, type OpenBrowser, openBrowser } from '../support/browser.js';
import { Cdn } from '../support/cdn.js';
import { chooseAdapter, chooseModel } from '../support/composer.js';
import { signIn } from '../support/sign-in.js';
import { tinyBrowserAdapter, tinyMediaPipeModel } from '../support/tiny-mediapipe.js';
import { startTiny, type TinyServer } from '../support/tiny-server.js';

const s3 = process.env['TEST_S3_URL'];
const seconds = '60';
const hello = 'Hello from the tiny browser model.';
const bonjour = 'Bonjour from the tiny browser model.';
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

interface Delivered {
  model: BrowserModelView;
  adapter: AdapterView;
}

async function addBoth({ client }: TinyServer): Promise<Delivered> {
  const uploadId = await upload(client, tinyMediaPipeModel(), 'model.bin');
  const body = { id: 'webby', name: 'Webby', uploadId };
  const model = await client.post<BrowserModelView>('/api/explore/browser-models', body);
  const adapter = await addAdapter(client, tinyBrowserAdapter(), {
    ...{ browserBaseDigest: model.digest, visibility: 'public' },
  });
  return { model, adapter };
}

/** A browser that is signed in, and every address that it asked for. */
async function openPage(url: string): Promise<{ browser: OpenBrowser; page: Page; requests: string[] }> {
  const browser = await openBrowser({ args: [...browserArguments, ...gpuArguments] });
  await browser.context.addInitScript(() => localStorage.setItem('parley.browser.temperature', '0'));
  const page = await browser.context.newPage();
  const requests: string[] = [];
  browser.context.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  await signIn(page);
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
  return { browser, page, requests };
}

async function ask(page: Page, expected: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill('hi');
  await page.getByRole('button', { name: 'Send' }).click();
  const answer = page.getByRole('article', { name: 'Assistant' }).last();
  await expect.poll(() => answer.innerText(), { timeout: 60_000, interval: 100 }).toContain(expected);
  await page.getByRole('button', { name: 'Send' }).waitFor();
}

const foreign = (requests: readonly string[], ...origins: string[]) =>
  requests.filter((url) => !/^(?:blob|data):/.test(url) && !origins.includes(new URL(url).origin));
const connectSource = async (url: string) =>
  /connect-src ([^;]*);/.exec((await fetch(url)).headers.get('content-security-policy') ?? '')?.[1];

describe.skipIf(!s3)('files behind presigned URLs of a bucket', () => {
  const bucketServer = new URL(s3 ?? 'http://nobody:nothing@127.0.0.1:1');
  const { username: accessKeyId, password: secretAccessKey, origin: innerOrigin } = bucketServer;
  // The servers know it under one name, browsers under another.
  const bucketOrigin = innerOrigin.replace('127.0.0.1', 'localhost');
  const bucket = `e2e-${newId()}`;
  const bucketAdmin = new S3Client({
    ...{ endpoint: innerOrigin, region: 'us-east-1', forcePathStyle: true },
    credentials: { accessKeyId, secretAccessKey },
  });
  const keys = async () =>
    ((await bucketAdmin.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => Key!);
  let server: TinyServer;
  let files: Delivered;

  beforeAll(async () => {
    await bucketAdmin.send(new CreateBucketCommand({ Bucket: bucket }));
    server = await startTiny({
      env: {
        STORAGE_URL: `s3://${bucket}/files`,
        S3_ENDPOINT: innerOrigin,
        S3_PUBLIC_ENDPOINT: bucketOrigin,
        S3_ACCESS_KEY_ID: accessKeyId,
        S3_SECRET_ACCESS_KEY: secretAccessKey,
        S3_FORCE_PATH_STYLE: 'true',
        DELIVERY_PRESIGN: 'true',
        DELIVERY_URL_SECONDS: seconds,
      },
    });
    // As docs/operations.md says.
    const rule = {
      AllowedOrigins: [new URL(server.parley.url).origin],
      AllowedMethods: ['GET', 'HEAD'],
      AllowedHeaders: ['range'],
      ExposeHeaders: ['ETag', 'Content-Range', 'Content-Length'],
    };
    await bucketAdmin.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [rule] } }));
    files = await addBoth(server);
  });
  afterAll(async () => {
    await server?.parley.dispose();
    for (const Key of await keys()) await bucketAdmin.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    await bucketAdmin.send(new DeleteBucketCommand({ Bucket: bucket }));
    bucketAdmin.destroy();
  });

  it('are stored there whole, and nothing of the uploads that brought them', async () => {
    const stored = await keys();
    expect(stored).toContain(`files/browser/${files.model.digest}.bin`);
    const { sha256: digest } = files.adapter.versions[0]!.files[0]!;
    expect(stored.filter((key) => key.endsWith(`${digest}.bin`))).toHaveLength(1);
    await expect.poll(async () => (await keys()).filter((key) => key.includes('/uploads/'))).toEqual([]);
  });

  it('come from the bucket byte for byte, to be kept for good, and only with the right signature', async () => {
    const { url } = await server.client.get<FileView>(`/api/files/${files.model.digest}`);
    const sent = await fetch(server.client.url + url, { redirect: 'manual' });
    const to = sent.headers.get('location')!;
    expect([sent.status, new URL(to).origin, sent.headers.get('cache-control')]).toEqual([
      302,
      bucketOrigin,
      'no-store',
    ]);
    // Whoever asks in the same minute or two is sent to the same URL, so that a browser finds what it has.
    const again = await fetch(server.client.url + url, { redirect: 'manual' });
    const window = (address: string) => new URL(address).searchParams.get('X-Amz-Date');
    if (window(again.headers.get('location')!) === window(to)) expect(again.headers.get('location')).toBe(to);
    expect(new URL(to).searchParams.get('X-Amz-Expires')).toBe(String(2 * Number(seconds)));

    const whole = await fetch(to);
    expect(sha256(Buffer.from(await whole.arrayBuffer()))).toBe(files.model.digest);
    expect(whole.headers.get('cache-control')).toBe('public, max-age=31536000, immutable, no-transform');
    const etag = whole.headers.get('etag')!;
    const part = await fetch(to, { headers: { range: 'bytes=4-7' } });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      ...[206, 'TFL3', `bytes 4-7/${files.model.sizeBytes}`],
    ]);
    expect((await fetch(to, { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await fetch(to.replace('X-Amz-Expires=120', 'X-Amz-Expires=9999'))).status).toBe(403);
    expect((await fetch(to.split('?', 1)[0]!)).status).toBe(403);
    // A link of ours that somebody changed, or whose time has come, leads nowhere.
    const link = new URL(server.client.url + url);
    link.searchParams.set('expires', '1');
    const ended = await fetch(link, { redirect: 'manual' });
    expect([ended.status, await ended.json()]).toMatchObject([403, { code: 'explore.link-expired' }]);
  });

  it('may be fetched by pages, from there and from nowhere else', async () => {
    expect(await connectSource(server.parley.url)).toBe(`'self' ${bucketOrigin}`);
  });

  it.skipIf(!chromiumPath)('reach the engine of a browser, model and adapter', async () => {
    const { browser, page, requests } = await openPage(server.parley.url);
    try {
      await chooseModel(page, /^Webby/);
      await chooseAdapter(page, /Pirate/);
      await ask(page, bonjour);
      const { origin } = new URL(page.url());
      expect(requests.filter((url) => url.startsWith(bucketOrigin))).toHaveLength(2);
      expect(foreign(requests, origin, bucketOrigin)).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

describe.skipIf(!chromiumPath)('files behind a CDN', () => {
  const cdn = new Cdn();
  let cdnUrl: string;
  let server: TinyServer;
  let files: Delivered;
  let browser: OpenBrowser;
  let page: Page;
  let requests: string[];

  beforeAll(async () => {
    cdnUrl = await cdn.start();
    server = await startTiny({ env: { DELIVERY_CDN_URL: cdnUrl, DELIVERY_URL_SECONDS: seconds } });
    cdn.origin = server.parley.url;
    files = await addBoth(server);
    ({ browser, page, requests } = await openPage(server.parley.url));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.parley.dispose();
    await cdn.stop();
  });

  it('have links to it, are kept by it and come in parts; what only some may see is not kept', async () => {
    const { url } = await server.client.get<FileView>(`/api/files/${files.model.digest}`);
    expect(url.startsWith(`${cdnUrl}/files/${files.model.digest}/`)).toBe(true);
    for (const hit of [false, true]) {
      const answer = await fetch(url, { headers: { origin: server.parley.url } });
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('etag')).toBe(`"${files.model.digest}"`);
      expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(files.model.digest);
      expect(cdn.asked.at(-1)?.hit).toBe(hit);
    }
    const part = await fetch(url, { headers: { range: 'bytes=4-7' } });
    expect([part.status, await part.text()]).toEqual([206, 'TFL3']);

    await server.client.request('PATCH', `/api/adapters/${files.adapter.id}`, { visibility: 'private' });
    const { url: own } = await server.client.get<FileView>(`/api/files/${files.adapter.versions[0]!.files[0]!.sha256}`);
    for (let tries = 0; tries < 2; tries++) {
      await (await fetch(own)).arrayBuffer();
      expect(cdn.asked.at(-1)?.hit).toBe(false);
    }
    await server.client.request('PATCH', `/api/adapters/${files.adapter.id}`, { visibility: 'public' });
    const forged = url.replace(/signature=(.)/, (_, first) => `signature=${first === '_' ? '-' : '_'}`);
    expect((await fetch(forged)).status).toBe(403);
  });

  it('may be fetched by pages, from there and from nowhere else', async () => {
    expect(await connectSource(server.parley.url)).toBe(`'self' ${cdnUrl}`);
    const outcome = await page.evaluate(() =>
      fetch('http://127.0.0.1:9/files/x', { mode: 'no-cors' }).then(
        () => 'sent',
        (error: Error) => error.name,
      ),
    );
    expect(outcome).toBe('TypeError');
    requests.splice(requests.indexOf('http://127.0.0.1:9/files/x'), 1);
  });

  it('are refused in the browser when a byte of them is wrong, and nothing of them stays', async () => {
    const path = `/files/${files.model.digest}/webby.bin`;
    cdn.broken.add(path);
    await chooseModel(page, /^Webby/);
    await ask(page, 'its SHA-256 differs');
    cdn.broken.clear();
    const kept = await page.evaluate(async () => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
      const names: string[] = [];
      for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
      return names;
    });
    expect(kept).toEqual([]);
  });

  it('are fetched from the menu of models: with progress, cancelled, gone on with after a reload, and deleted', async () => {
    const path = `/files/${files.model.digest}/webby.bin`;
    const row = page.getByRole('menuitemradio', { name: /^Webby/ });
    const shows = async (text: RegExp) => {
      await expect.poll(() => row.innerText(), { timeout: 15_000 }).toMatch(text);
    };
    const open = () => page.getByRole('button', { name: /^Model:/ }).click();
    cdn.stuck.add(path);
    await open();
    await shows(/1\.8 MB .* to download/);
    await page.getByText(/ of .* used in this browser/).waitFor();
    await page.getByRole('menuitem', { name: 'Download Webby' }).click();
    await shows(/50\s?% has come/);
    await expectAccessible(page);
    await page.getByRole('menuitem', { name: 'Cancel the download of Webby' }).click();
    await shows(/50\s?% downloaded, goes on from there/);
    await page.reload();
    cdn.stuck.clear();
    await open();
    await shows(/50\s?% downloaded, goes on from there/);
    await page.getByRole('menuitem', { name: 'Download Webby' }).click();
    await shows(/· downloaded/);
    expect(cdn.asked.at(-1)).toMatchObject({ range: `bytes=${files.model.sizeBytes >> 1}-` });
    await page.getByRole('menuitem', { name: 'Delete Webby from this browser' }).click();
    await shows(/· to download/);
    await page.keyboard.press('Escape');
  });

  it('reach the engine of a browser, model and adapter, and no other host is asked', async () => {
    await ask(page, hello);
    await chooseAdapter(page, /Pirate/);
    await ask(page, bonjour);
    const { origin } = new URL(page.url());
    const files = requests.filter((url) => new URL(url).pathname.startsWith('/files/'));
    expect(files.length).toBeGreaterThan(1);
    expect(foreign(files, cdnUrl)).toEqual([]);
    expect(foreign(requests, origin, cdnUrl)).toEqual([]);
  });
});
