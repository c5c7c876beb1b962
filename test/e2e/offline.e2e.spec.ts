/// <reference lib="dom" />
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, type OpenBrowser, openBrowser } from '../support/browser.js';
import { admin } from '../support/parley.js';
import { startTiny, type TinyServer } from '../support/tiny-server.js';

describe.skipIf(!chromiumPath)('the web client without its server', () => {
  let server: TinyServer;
  let browser: OpenBrowser;
  let page: Page;

  const signIn = async (tab: Page) => {
    await tab.goto(server.parley.url);
    await tab.getByLabel('Email').fill(admin.email);
    await tab.getByLabel('Password').first().fill(admin.password);
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByRole('textbox', { name: 'Message' }).waitFor();
  };
  const kept = (tab: Page) => tab.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => active?.state));

  beforeAll(async () => {
    server = await startTiny();
    browser = await openBrowser();
    page = await browser.context.newPage();
    await signIn(page);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.parley.dispose();
  });

  it('can be installed', async () => {
    await expect.poll(() => kept(page)).toBe('activated');
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
    await browser.context.setOffline(true);
    await page.reload();
    await page.getByText('Parley cannot be reached').waitFor();
    await expect.poll(() => answer.innerText()).toBe(said);
    await page.getByRole('region', { name: 'Conversations' }).getByRole('link', { name: 'What is kept?' }).waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
    await page.goto(new URL('/storage', page.url()).href);
    await page.getByRole('heading', { name: 'Space in this browser' }).waitFor();
    await browser.context.setOffline(false);
    await page.getByText('Parley cannot be reached').waitFor({ state: 'hidden' });
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
    await expect.poll(copies).toBe(0);
    await browser.context.setOffline(true);
    await page.reload();
    await page.getByText('Parley cannot be reached').waitFor();
    expect(await page.getByText('What is kept?').count()).toBe(0);
    await browser.context.setOffline(false);
  });
});
