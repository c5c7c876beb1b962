/// <reference lib="dom" />
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from '../support/accessibility.js';
import { browserArguments, chromiumPath, gpuArguments, type OpenBrowser, openBrowser } from '../support/browser.js';
import { upload } from '../support/adapters.js';
import { signIn } from '../support/sign-in.js';
import { tinyMediaPipeModel } from '../support/tiny-mediapipe.js';
import { startTiny, type TinyServer } from '../support/tiny-server.js';

const secret = 'marmalade-submarine';
const said = 'Hello from the tiny browser model.';
const passphrase = 'a long enough passphrase';

/** All that left the browser, in all the forms that content could hide in. */
interface Sent {
  url: string;
  body: string;
  headers: string;
}

describe.skipIf(!chromiumPath)('a conversation that stays in the browser', () => {
  let server: TinyServer;
  let browser: OpenBrowser;
  let page: Page;
  const sent: Sent[] = [];
  const refused: string[] = [];

  const open = async (other: OpenBrowser): Promise<Page> => {
    const tab = await other.context.newPage();
    await tab.goto(server.parley.url);
    await signIn(tab);
    await tab.getByRole('textbox', { name: 'Message' }).waitFor();
    return tab;
  };
  const start = async () => {
    const fresh = await openBrowser({ args: [...browserArguments, ...gpuArguments] });
    await fresh.context.addInitScript(() => localStorage.setItem('parley.browser.temperature', '0'));
    return fresh;
  };
  const noViolations = expectAccessible;

  beforeAll(async () => {
    server = await startTiny();
    const uploadId = await upload(server.client, tinyMediaPipeModel(), 'model.bin');
    await server.client.post('/api/explore/browser-models', { id: 'webby', name: 'Webby', uploadId });
    browser = await start();
    page = await open(browser);
    browser.context.on('request', (request) => {
      const [url, body, headers] = [request.url(), request.postData() ?? '', JSON.stringify(request.headers())];
      sent.push({ url, body, headers });
    });
    page.on('websocket', (socket) => sent.push({ url: socket.url(), body: 'a socket', headers: '' }));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) refused.push(message.text());
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.parley.dispose();
  });

  it('is answered here, tried again, listed and found again after a reload', async () => {
    await page.getByRole('checkbox', { name: /Only in this browser/ }).check();
    await page.getByRole('button', { name: /^Model:/ }).click();
    expect(await page.getByRole('menuitemradio', { name: /on this server/i }).count()).toBe(0);
    await page.getByRole('menuitemradio', { name: /^Webby/ }).click();
    await noViolations(page);
    await page.getByRole('textbox', { name: 'Message' }).fill(`My secret is ${secret}`);
    await page.getByRole('button', { name: 'Send' }).click();
    const answer = page.getByRole('article', { name: 'Assistant' }).last();
    await expect.poll(() => answer.innerText(), { timeout: 60_000 }).toContain(said);
    await page.getByRole('button', { name: 'Send' }).waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/c\/local-/);
    await answer.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('2/2').first().waitFor();
    await page.getByRole('button', { name: 'Send' }).waitFor();
    await page.reload();
    await expect.poll(() => page.getByRole('article', { name: 'Assistant' }).last().innerText()).toContain(said);
    await page
      .getByRole('region', { name: 'Only in this browser' })
      .getByRole('link', { name: /My secret/ })
      .waitFor();
  });

  it('sends nothing of what was said, to nobody: only counts, to Parley', async () => {
    const usage = sent.filter(({ url }) => url.endsWith('/api/browser-usage'));
    expect(usage.length).toBe(2);
    expect(JSON.parse(usage[0]!.body)).toMatchObject({ status: 'complete', run: { runtime: 'mediapipe' } });
    const words = [secret, said, 'Bonjour', 'My secret', encodeURIComponent(said), btoa(secret)];
    const leaks = sent.filter((one) => words.some((word) => JSON.stringify(one).includes(word)));
    expect(leaks).toEqual([]);
    const { origin } = new URL(page.url());
    expect(sent.filter(({ url }) => !url.startsWith(origin) && !/^(?:blob|data):/.test(url))).toEqual([]);
    const { items } = await server.client.get<{ items: unknown[] }>('/api/conversations');
    expect(items).toEqual([]);
  });

  it('could reach nobody else: the content policy stops what tries', async () => {
    const outcome = await page.evaluate(() =>
      fetch('https://metrics.example/collect', { method: 'POST', body: 'x', mode: 'no-cors' }).then(
        () => 'sent',
        () => 'stopped',
      ),
    );
    expect(outcome).toBe('stopped');
    await expect.poll(() => refused.join(' ')).toContain('metrics.example');
  });

  it('goes to another browser in an encrypted file, and both are merged', async () => {
    await page.goto(new URL('/storage', page.url()).href);
    await page.getByRole('heading', { name: 'Webby' }).waitFor();
    await noViolations(page);
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByLabel('Passphrase').fill(passphrase);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('dialog').getByRole('button', { name: 'Export' }).click(),
    ]);
    const path = await download.path();
    expect(readFileSync(path, 'utf8')).not.toContain(secret);
    const elsewhere = await start();
    try {
      const tab = await open(elsewhere);
      await tab.goto(new URL('/storage', tab.url()).href);
      for (const words of ['another passphrase', passphrase]) {
        await tab.getByRole('button', { name: 'Import' }).first().click();
        await tab.getByLabel('File').setInputFiles(path);
        await tab.getByLabel('Passphrase').fill(words);
        await tab.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
        await tab
          .getByText(words === passphrase ? 'One conversation was imported' : 'passphrase is another one')
          .waitFor();
        if (words !== passphrase) await tab.getByRole('button', { name: 'Cancel' }).click();
      }
      await tab
        .getByRole('region', { name: 'Only in this browser' })
        .getByRole('link', { name: /My secret/ })
        .click();
      await tab.getByText(secret).first().waitFor();
    } finally {
      await elsewhere.close();
    }
  });

  it('lets a model of this browser be deleted', async () => {
    await page.getByRole('button', { name: 'Delete Webby' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Nothing yet.').waitFor();
  });
});
