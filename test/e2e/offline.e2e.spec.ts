/// <reference lib="dom" />
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from '../support/accessibility.js';
import { chromiumPath, type OpenBrowser, openBrowser } from '../support/browser.js';
import { untilKept } from '../support/kept.js';
import { signIn } from '../support/sign-in.js';
import { startTiny, type TinyServer } from '../support/tiny-server.js';

/** Stands before the server like a proxy; from `update` on its service worker is that of another build. */
async function newerBuildLater(target: string): Promise<{ url: string; update(): void; close(): Promise<void> }> {
  let newer = false;
  const front = createServer((request, response) => {
    void (async () => {
      const { method, url = '/', headers } = request;
      const answer = await fetch(target + url, { method, headers: { accept: headers.accept ?? '*/*' } });
      const body = Buffer.from(await answer.arrayBuffer());
      const changed = newer && url === '/service-worker.js';
      const sent = changed ? body.toString().replace(/version:(.)(\w+)\1/, 'version:$1$2-newer$1') : body;
      const type = answer.headers.get('content-type');
      response.writeHead(answer.status, { ...(type && { 'content-type': type }) }).end(sent);
    })().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    update: () => (newer = true),
    close: () => new Promise((resolve) => (front.close(() => resolve()), front.closeAllConnections())),
  };
}

/** The first visit installs it behind everything else. */
const patient = { timeout: 20_000 };

describe.skipIf(!chromiumPath)('the web client without its server', () => {
  let server: TinyServer;
  let browser: OpenBrowser;
  let page: Page;

  const enter = async (tab: Page) => {
    await tab.goto(server.parley.url);
    await signIn(tab);
    await tab.getByRole('textbox', { name: 'Message' }).waitFor();
  };
  const kept = (tab: Page) => tab.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => active?.state));

  beforeAll(async () => {
    server = await startTiny();
    browser = await openBrowser();
    page = await browser.context.newPage();
    await enter(page);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.parley.dispose();
  });

  it('can be installed', async () => {
    await expect.poll(() => kept(page), patient).toBe('activated');
    const session = await browser.context.newCDPSession(page);
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
    expect(installabilityErrors).toEqual([]);
    const { errors } = await session.send('Page.getAppManifest');
    expect(errors).toEqual([]);
  });

  it('opens after a reload, with the conversations that were seen here', async () => {
    await page.getByRole('textbox', { name: 'Message' }).fill('What is kept?');
    await page.getByRole('button', { name: 'Send' }).click();
    const answer = page.getByRole('article', { name: 'Assistant' }).last();
    await page.getByRole('button', { name: 'Retry' }).waitFor();
    const said = await answer.innerText();
    await untilKept(page, server.client);
    await browser.context.setOffline(true);
    await page.reload();
    await page.getByText('Parley cannot be reached').waitFor();
    await expect.poll(() => answer.innerText(), patient).toBe(said);
    await page.getByRole('region', { name: 'Conversations' }).getByRole('link', { name: 'What is kept?' }).waitFor();
    await expectAccessible(page);
    await page.goto(new URL('/storage', page.url()).href);
    await page.getByRole('heading', { name: 'Space in this browser' }).waitFor();
    await browser.context.setOffline(false);
    await page.getByText('Parley cannot be reached').waitFor({ state: 'hidden' });
  });

  it('goes on with the version that is open until the reader takes a newer one', async () => {
    const front = await newerBuildLater(server.parley.url);
    const tab = await browser.context.newPage();
    const shells = () =>
      tab.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith('parley-shell-')));
    try {
      await tab.goto(front.url);
      await expect.poll(() => tab.evaluate(() => navigator.serviceWorker.controller?.state), patient).toBe('activated');
      const before = await shells();
      front.update();
      await tab.reload();
      await tab.getByText('There is a new version of Parley.').waitFor();
      expect(await shells()).toEqual(expect.arrayContaining(before));
      await Promise.all([tab.waitForEvent('load'), tab.getByRole('button', { name: 'Reload' }).click()]);
      await expect.poll(shells, patient).toEqual([`${before[0]}-newer`]);
    } finally {
      await tab.close();
      await front.close();
    }
  });

  it('keeps files of the build alone, never an answer of the server', async () => {
    const urls = await page.evaluate(async () => {
      const found = [];
      for (const name of await caches.keys()) found.push(...(await (await caches.open(name)).keys()));
      return found.map(({ url }) => new URL(url).pathname);
    });
    expect(urls).toContain('/');
    expect(urls.filter((path) => /^\/(api|v1|files|healthz)/.test(path))).toEqual([]);
  });

  it('forgets what it kept when the person signs out', async () => {
    await page
      .getByRole('button', { name: /^A|admin/ })
      .last()
      .click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('Email').waitFor();
    const copies = () =>
      page.evaluate(
        () =>
          new Promise<number>((resolve, reject) => {
            const open = indexedDB.open('parley-offline');
            open.onerror = () => reject(open.error!);
            open.onsuccess = () => {
              const count = open.result.transaction('copies').objectStore('copies').count();
              count.onsuccess = () => (open.result.close(), resolve(count.result));
            };
          }),
      );
    await expect.poll(copies, patient).toBe(0);
    await browser.context.setOffline(true);
    await page.reload();
    await page.getByText('Parley cannot be reached').waitFor();
    expect(await page.getByText('What is kept?').count()).toBe(0);
    await browser.context.setOffline(false);
  });
});
