/// <reference lib="dom" />
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeHub, serveBytes, startFakeHub, writeTinyGguf } from '@app/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from '../support/accessibility.js';
import { chromiumPath, type OpenBrowser, openBrowser } from '../support/browser.js';
import { signIn } from '../support/sign-in.js';
import { startTiny, type TinyServer } from '../support/tiny-server.js';

const repo = 'Qwen/Qwen3-1.7B-GGUF';
const file = 'Qwen3-1.7B-Q8_0.gguf';
/** What the hub has beside that, and no catalogue knows. */
const stranger = {
  ...{ id: 'Stranger/Novel-GGUF', downloads: 12_345, likes: 67, gated: false },
  tags: ['gguf', 'license:mit', 'en'],
};

/** What a stranger may write. */
const card = `---
license: apache-2.0
---
# A model of Qwen

<div align="center"><img src="logo.png" alt="The logo" onerror="document.title = 'taken over'"></div>

![A badge](https://badges.example/badge.svg) <script>document.title = 'taken over'</script>

| Task | Points |
| ---- | ------ |
| Sums | 5      |

<a href="javascript:document.title = 'taken over'">Press me</a>, or read [the paper](https://paper.example/).
`;
/** One point of PNG. */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe.skipIf(!chromiumPath)('the explore pages', () => {
  let folder: string;
  let hub: FakeHub;
  let server: TinyServer;
  let browser: OpenBrowser;
  let page: Page;
  /** The hub answers nobody. */
  let away = false;
  /** Lets the hub send the rest of the file. */
  let goOn: () => void = () => undefined;
  const problems: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-explore-'));
    await writeTinyGguf(join(folder, 'model.gguf'), { kind: 'random' });
    const model = await readFile(join(folder, 'model.gguf'));
    const oid = createHash('sha256').update(model).digest('hex');
    const tree = [{ type: 'file', path: file, size: model.length, lfs: { oid, size: model.length } }];
    const held = new Promise<void>((resolve) => (goOn = resolve));
    // Its header comes at once, and its end when the test says so.
    const bytes = serveBytes(model, { chunkBytes: model.length - 1000, pause: () => held });
    hub = await startFakeHub((request, response) => {
      if (request.url?.endsWith('/README.md')) return response.setHeader('content-type', 'text/plain').end(card);
      if (request.url?.endsWith('/logo.png')) return response.setHeader('content-type', 'image/png').end(picture);
      if (!request.url?.startsWith('/api/')) return bytes(request, response);
      if (away) return response.writeHead(503).end();
      const path = request.url.split('?')[0]!;
      const found = path === '/api/models' ? [stranger] : path.endsWith('/tree/main') ? tree : stranger;
      response.setHeader('content-type', 'application/json').end(JSON.stringify(found));
    });
    server = await startTiny({ env: { EXPLORE_SOURCES: 'folder,huggingface', HF_ENDPOINT: hub.url } });
    browser = await openBrowser({ viewport: { width: 1280, height: 900 } });
    page = await browser.context.newPage();
    page.on('console', (message) => {
      if (message.type() !== 'error' || message.text().includes('401')) return;
      // What a stranger wrote asks for what is refused: a handler in an attribute, a picture that cannot be had. And a
      // hub that does not answer is told.
      if (message.text().includes('inline event handler') || /\/pictures\/|\/hub\/models/.test(message.location().url))
        return;
      problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${server.parley.url}/explore`);
    await signIn(page);
  });
  afterAll(async () => {
    goOn();
    await browser?.close();
    await server?.parley.dispose();
    await hub?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const search = () => page.getByRole('searchbox', { name: 'Search models and adapters' });
  const cards = () => page.getByRole('heading', { level: 3 }).getByRole('link');
  const filters = () => page.getByRole('complementary', { name: 'Filters' });

  it('shows what there is', async () => {
    await cards().first().waitFor();
    expect(await cards().count()).toBeGreaterThan(10);
    await expectAccessible(page);
  });

  it('finds a model by a mistyped name, and says what it looked for', async () => {
    await search().fill('qwne3');
    await page.getByText('Nothing has “qwne3”. Showing results for').waitFor();
    await expect.poll(async () => (await cards().allInnerTexts()).every((name) => /qwen3/i.test(name))).toBe(true);
    expect(new URL(page.url()).search).toBe('?q=qwne3');
    await expectAccessible(page);
  });

  it('narrows by a filter, and back takes that back', async () => {
    await search().fill('');
    await filters().getByRole('button', { name: 'Code' }).click();
    await expect.poll(() => cards().allInnerTexts()).not.toContain('Qwen3 1.7B');
    await page.getByRole('button', { name: 'Without Code' }).waitFor();
    await page.getByLabel('Order').selectOption('name');
    const names = ['Phi 3.5 mini Instruct', 'Qwen2.5 Coder 1.5B Instruct', 'Qwen2.5 Coder 7B Instruct'];
    await expect.poll(() => cards().allInnerTexts()).toEqual(names);
    await expect.poll(() => page.url()).toContain('?capability=code&sort=name');
    await page.reload();
    await expect.poll(() => cards().allInnerTexts()).toEqual(names);
    await page.goBack();
    await page.goBack();
    await expect.poll(() => cards().allInnerTexts()).toContain('Qwen3 1.7B');
    expect(await page.getByRole('button', { name: 'Without Code' }).count()).toBe(0);
  });

  it('says of each model whether it fits, and narrows to what this browser could run', async () => {
    const large = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'Qwen3 8B', exact: true }) });
    await large.getByText('This browser: probably too large').waitFor();
    await filters().getByRole('region', { name: 'Fits' }).getByRole('button', { name: 'This browser' }).click();
    await expect.poll(() => cards().allInnerTexts()).not.toContain('Qwen3 8B');
    expect(await cards().allInnerTexts()).toContain('Qwen3 1.7B');
    expect(await page.getByText('This browser: probably too large').count()).toBe(0);
    expect(new URL(page.url()).search).toBe('?fits=browser');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Without Fits this browser' }).click();
    await expect.poll(() => cards().allInnerTexts()).toContain('Qwen3 8B');
  });

  it('says where nothing matches, and the way out', async () => {
    await search().fill('zzzzzzzzzz');
    await page.getByText('Nothing matches “zzzzzzzzzz”').waitFor();
    await page.getByRole('link', { name: 'Look in the hub' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Show everything' }).click();
    await cards().first().waitFor();
    expect(await search().inputValue()).toBe('');
  });

  it('opens a model and installs a file of it, with progress that can be stopped and gone on with', async () => {
    await search().fill('qwen3 1.7');
    await page.getByRole('link', { name: 'Qwen3 1.7B', exact: true }).click();
    await page.getByRole('heading', { name: 'Qwen3 1.7B', level: 1 }).waitFor();
    await page.getByText('32,768 tokens').waitFor();
    await page.getByRole('button', { name: /This browser: (fits|tight)/ }).waitFor();
    await page.getByRole('button', { name: /This server: fits/ }).click();
    await page
      .getByRole('dialog', { name: /This server: fits/ })
      .getByText(/of memory for \d+ tokens/)
      .waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: `Install ${file}` }).click();
    await page.getByRole('progressbar', { name: /Installing Qwen3 1.7B/ }).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    const again = page.getByRole('button', { name: /Resume|Try again/ });
    // Before it is cancelled nothing more may come: it would be installed.
    await again.waitFor();
    goOn();
    await again.click();
    await page.getByText('Installed', { exact: true }).first().waitFor();
  });

  it('shows what its publisher wrote, which can do nothing', async () => {
    const text = page.getByRole('region', { name: 'Model card' });
    await text.getByRole('heading', { name: 'A model of Qwen' }).waitFor();
    await text.getByRole('img', { name: 'The logo' }).waitFor();
    expect(
      await text.getByRole('img').evaluateAll((all: HTMLImageElement[]) => all.map(({ src }) => src.slice(0, 5))),
    ).toEqual(['blob:']);
    await text.getByRole('cell', { name: 'Sums' }).waitFor();
    expect(await text.getByRole('link').allInnerTexts()).toEqual(['the paper', new URL(hub.url).host]);
    await text.getByText('Press me').click();
    expect(await page.title()).toBe('Qwen3 1.7B · Parley');
    await expectAccessible(page);
  });

  it('has it among the models of the server, and its own page', async () => {
    await page.getByRole('link', { name: 'Explore' }).first().click();
    await page.getByRole('link', { name: 'On this server' }).click();
    await page.getByRole('link', { name: 'Qwen3 1.7B (Q8_0)' }).click();
    await page.getByRole('heading', { name: 'Qwen3 1.7B (Q8_0)', level: 1 }).waitFor();
    // The address of a file ends like one, and is a page all the same.
    await page.reload();
    await page.getByRole('link', { name: 'Chat with it' }).waitFor();
    await expectAccessible(page);
  });

  it('takes a rating and takes it back', async () => {
    await page.getByRole('button', { name: '4 stars' }).click();
    await page.getByText('4 of 5 from 1 rating').waitFor();
    await page.getByRole('button', { name: '4 stars', pressed: true }).click();
    await page.getByText('Not rated yet').waitFor();
    await page.getByRole('button', { name: '5 stars' }).click();
    await page.getByText('5 of 5 from 1 rating').waitFor();
  });

  it('looks in the hub itself, and at what is not in the catalogue', async () => {
    await page.getByRole('link', { name: 'Explore' }).first().click();
    await page.getByRole('link', { name: 'Hub', exact: true }).click();
    await page.getByRole('searchbox', { name: 'Search the hub' }).fill('novel');
    await expect.poll(() => page.url()).toMatch(/\/hub\?q=novel$/);
    await page.getByText('12.3K downloads').waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Novel-GGUF' }).click();
    await page.getByRole('heading', { name: 'Novel-GGUF', level: 1 }).waitFor();
    await page.getByText(file).waitFor();
    await page.getByRole('region', { name: 'Model card' }).getByRole('img', { name: 'The logo' }).waitFor();
    await expectAccessible(page);
    await page.goBack();
    expect(await page.getByRole('searchbox', { name: 'Search the hub' }).inputValue()).toBe('novel');
  });

  it('says that the hub does not answer, and goes on without it', async () => {
    away = true;
    await page.getByRole('searchbox', { name: 'Search the hub' }).fill('something else');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await expectAccessible(page);
    away = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await cards().first().waitFor();
    await expect.poll(() => page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });

  it('is as usable on a phone and in the dark', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await page.emulateMedia({ colorScheme: 'dark' });
    const fits = async () => {
      await expectAccessible(page);
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth),
      ).toBe(true);
    };
    await fits();
    await page.goto(`${server.parley.url}/explore`);
    await cards().first().waitFor();
    await fits();
    await page.getByRole('button', { name: 'Filters' }).click();
    await page.getByRole('dialog', { name: 'Filters' }).getByRole('button', { name: 'Installed', exact: true }).click();
    await fits();
    await page.getByRole('button', { name: 'Show 2', exact: true }).click();
    await expect.poll(() => cards().allInnerTexts()).toContain('Qwen3 1.7B (Q8_0)');
    expect(await cards().count()).toBe(2);
    await page.goto(`${server.parley.url}/models`);
    await page.getByRole('heading', { name: 'Installed' }).waitFor();
    await fits();
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('makes it the default, and deletes it', async () => {
    await page.goto(`${server.parley.url}/explore/${encodeURIComponent(`hf:${repo}/${file}`)}`);
    await page.getByRole('button', { name: 'Make Qwen3 1.7B (Q8_0) the default' }).click();
    await expect.poll(() => page.getByRole('button', { name: /the default$/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Delete Qwen3 1.7B (Q8_0)' }).click();
    await page.getByRole('button', { name: 'Delete model' }).click();
    await page.getByRole('button', { name: 'Install Qwen3 1.7B (Q8_0)' }).waitFor();
    expect(problems).toEqual([]);
  });
});
