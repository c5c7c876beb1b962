import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageBus } from '@app/messaging';
import { Database } from '@app/persistence';
import { ObjectStorage } from '@app/storage';
import { type FakeHub, freshFolder, type HubAnswer, startFakeHub } from '@app/testing';
import type { TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GetCard, LocatePicture } from '../contracts/index.js';
import { startExplore } from '../explore.fixture.js';
import { PictureRows } from '../persistence/picture-rows.js';

const repo = 'Qwen/Qwen3-4B-GGUF';
const entryId = `hf:${repo}`;
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const idOf = (address: string) => createHash('sha256').update(address).digest('hex');
let dataDir: string;
let hub: FakeHub;
/** Another server in the network of this one, which nobody may reach through it. */
let inside: FakeHub;
let module: TestingModule;
let bus: MessageBus;
let db: Database;
let pictures: Record<string, HubAnswer>;
let markdown: string;

const status =
  (code: number, headers: Record<string, string> = {}): HubAnswer =>
  (_, response) =>
    response.writeHead(code, headers).end();
const bytes =
  (body: Buffer | string): HubAnswer =>
  (_, response) =>
    void response.setHeader('content-type', 'image/png').end(body);
const card = () => bus.query(new GetCard({ entryId }));
const addressOf = (name: string) => `${hub.url}/${repo}/resolve/main/${name}`;
const picture = (name: string) => bus.query(new LocatePicture({ entryId, pictureId: idOf(addressOf(name)) }));

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-cards-'));
  inside = await startFakeHub(bytes(png));
  hub = await startFakeHub(status(500));
  await freshFolder(join(dataDir, 'db'));
  module = await startExplore({
    ...{ DATA_DIR: dataDir, HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_secret', EXPLORE_SOURCES: 'huggingface' },
    EXPLORE_AUTO_INSTALL: 'false',
  });
  bus = module.get(MessageBus, { strict: false });
  db = module.get(Database, { strict: false });
}, 60_000);
afterAll(async () => {
  await module.close();
  await hub[Symbol.asyncDispose]();
  await inside[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  await db.query(`DELETE FROM explore.hub_answers`);
  await db.query(`DELETE FROM explore.pictures`);
  markdown = `---\nlicense: apache-2.0\n---\n# Qwen\n![logo](assets/logo.png)\n`;
  pictures = { 'assets/logo.png': bytes(png) };
  hub.respond((request, response) => {
    const name = request.url!.replace(`/${repo}/resolve/main/`, '');
    if (name === 'README.md') response.setHeader('content-type', 'text/plain; charset=utf-8').end(markdown);
    else (pictures[name] ?? status(404))(request, response);
  });
});

describe('the card of an entry', () => {
  it('is what the publisher wrote, with its pictures at this server', async () => {
    expect(await card()).toMatchObject({
      markdown: '# Qwen\n![logo](assets/logo.png)\n',
      source: `${hub.url}/${repo}`,
      ...{ stale: false, truncated: false },
      pictures: [
        {
          src: 'assets/logo.png',
          url: `/api/explore/entries/${encodeURIComponent(entryId)}/pictures/${idOf(addressOf('assets/logo.png'))}`,
        },
      ],
    });
  });

  it('is asked for once, and outlives an outage', async () => {
    await card();
    const asked = hub.requests.length;
    await card();
    expect(hub.requests).toHaveLength(asked);
    await db.query(`UPDATE explore.hub_answers SET fetched_at = now() - interval '1 day'`);
    hub.respond((_, response) => response.destroy());
    expect(await card()).toMatchObject({ stale: true, markdown: '# Qwen\n![logo](assets/logo.png)\n' });
  });

  it('goes when the hub no longer shows it', async () => {
    await card();
    await db.query(`UPDATE explore.hub_answers SET fetched_at = now() - interval '1 day'`);
    hub.respond(status(403));
    await expect(card()).rejects.toMatchObject({ code: 'explore.gated' });
    hub.respond((_, response) => response.destroy());
    await expect(card()).rejects.toMatchObject({ code: 'explore.source-unavailable' });
  });

  it.each<[string, string, HubAnswer]>([
    ['401', 'explore.gated', status(401)],
    ['404', 'explore.no-card', status(404)],
    ['500', 'explore.source-unavailable', status(500)],
    [
      'a redirect loop',
      'explore.source-unavailable',
      (request, response) => response.writeHead(302, { location: request.url }).end(),
    ],
    ['a cut connection', 'explore.source-unavailable', (_, response) => response.destroy()],
    [
      'a web page',
      'explore.source-unavailable',
      (_, response) => response.setHeader('content-type', 'text/html').end('<html></html>') as never,
    ],
    ['a way to another file system', 'explore.source-unavailable', status(302, { location: 'file:///etc/passwd' })],
    ['a limit', 'explore.rate-limited', status(429, { 'retry-after': '0' })],
  ])('is not there for %s, told as %s', async (_, code, answer) => {
    hub.respond(answer);
    await expect(card()).rejects.toMatchObject({ code });
  });

  it('is cut when it does not end', async () => {
    markdown = `# Long\n${'A line of a text.\n'.repeat(200_000)}`;
    const { markdown: shown, truncated } = await card();
    expect(truncated).toBe(true);
    expect(shown.length).toBeLessThanOrEqual(256 * 1024);
  });

  it('is none for an entry that is no repository', async () => {
    await expect(bus.query(new GetCard({ entryId: 'nothing' }))).rejects.toMatchObject({
      code: 'explore.unknown-catalogue-entry',
    });
  });
});

describe('a picture of a card', () => {
  it('is brought once and kept, also through an outage', async () => {
    const placed = await picture('assets/logo.png');
    expect(placed).toMatchObject({ type: 'image/png', sizeBytes: png.length });
    const storage = module.get(ObjectStorage, { strict: false });
    const stored: Buffer[] = [];
    for await (const chunk of storage.get(placed.key)) stored.push(Buffer.from(chunk));
    expect(Buffer.concat(stored)).toEqual(png);
    const asked = hub.requests.length;
    await picture('assets/logo.png');
    expect(hub.requests).toHaveLength(asked);
    await db.query(`UPDATE explore.pictures SET fetched_at = now() - interval '30 days'`);
    hub.respond((_, response) => response.destroy());
    expect(await picture('assets/logo.png')).toEqual(placed);
  });

  it('that the card does not name is not brought', async () => {
    await expect(picture('other.png')).rejects.toMatchObject({ code: 'explore.no-picture' });
    expect(hub.requests.at(-1)?.url).toContain('README.md');
  });

  it.each([
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['a web page', '<html><script>alert(1)</script></html>'],
    ['nothing', ''],
    ['half a head', png.subarray(0, 8)],
  ])('is refused by its content, whatever its name and type say: %s', async (_, body) => {
    pictures['assets/logo.png'] = bytes(body as string);
    await expect(picture('assets/logo.png')).rejects.toMatchObject({ code: 'explore.not-a-picture' });
    const asked = hub.requests.length;
    await expect(picture('assets/logo.png')).rejects.toMatchObject({ code: 'explore.not-a-picture' });
    expect(hub.requests).toHaveLength(asked);
  });

  it('is refused when it is too large', async () => {
    pictures['assets/logo.png'] = bytes(Buffer.concat([png, Buffer.alloc(5 * 2 ** 20)]));
    await expect(picture('assets/logo.png')).rejects.toMatchObject({ code: 'explore.source-unavailable' });
  });

  it('is looked for at public addresses alone', async () => {
    const port = new URL(inside.url).port;
    const hosts = [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '2130706433',
      '0x7f.1',
      '169.254.169.254',
      '10.0.0.1',
    ];
    const urls = hosts.map((host) => `https://${host}:${port}/x.png`);
    markdown = [
      ...urls,
      `http://127.0.0.1:${port}/x.png`,
      'data:image/png;base64,AAAA',
      'file:///etc/passwd',
      'javascript:alert(1)',
    ]
      .map((url) => `![](${url})`)
      .join('\n');
    const { pictures: named } = await card();
    expect(named).toHaveLength(hosts.length);
    for (const { url } of named) {
      const pictureId = url.split('/').at(-1)!;
      await expect(bus.query(new LocatePicture({ entryId, pictureId }))).rejects.toMatchObject({
        code: 'explore.source-unavailable',
        message: expect.stringMatching(/private address/) as string,
      });
    }
    expect(inside.requests).toHaveLength(0);
  });

  it('is not followed into the private network', async () => {
    for (const location of [
      `${inside.url}/x.png`,
      'http://localhost:1/',
      'ftp://example.org/',
      'http://u:p@example.org/',
    ]) {
      pictures['assets/logo.png'] = status(302, { location });
      await expect(picture('assets/logo.png')).rejects.toMatchObject({ code: 'explore.source-unavailable' });
    }
    expect(inside.requests).toHaveLength(0);
  });

  it('is asked for with the token only where it belongs to the repository', async () => {
    markdown = `![](assets/logo.png) ![](/Someone/Private/resolve/main/secret.png)`;
    await picture('assets/logo.png');
    expect(hub.requests.at(-1)?.headers.authorization).toBe('Bearer hf_secret');
    const other = idOf(`${hub.url}/Someone/Private/resolve/main/secret.png`);
    await expect(bus.query(new LocatePicture({ entryId, pictureId: other }))).rejects.toMatchObject({
      code: 'explore.not-found',
    });
    expect(hub.requests.at(-1)?.url).toContain('secret.png');
    expect(hub.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  it('gives room to others when there are too many', async () => {
    const rows = new PictureRows(db);
    const put = async (name: string, content: string) =>
      rows.put(idOf(name), { key: '', type: 'image/png', sizeBytes: 100, digest: idOf(content) });
    await put('a', 'one');
    await put('b', 'two');
    await put('c', 'one');
    await db.query(`UPDATE explore.pictures SET used_at = now() - interval '1 hour'`);
    await rows.find(idOf('a'));
    expect(await rows.makeRoom(150)).toEqual([`pictures/${idOf('two')}`]);
    expect(await rows.find(idOf('a'))).not.toBeNull();
    expect(await rows.find(idOf('c'))).toBeNull();
  });
});
