/// <reference lib="dom" />
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from '../support/accessibility.js';
import { chromiumPath, type OpenBrowser, openBrowser } from '../support/browser.js';
import { type Client, Reader } from '../support/client.js';
import { admin, type Parley } from '../support/parley.js';
import { queue, StuckFile } from '../support/stuck-file.js';
import { startTiny, until } from '../support/tiny-server.js';
import { split } from '../support/topology.js';

const sections = ['', '/queues', `/queues/${queue}`, '/audit', '/usage', '/tasks'];

describe.skipIf(!chromiumPath)('the pages of the administration', () => {
  let parley: Parley;
  let client: Client;
  let browser: OpenBrowser;
  let page: Page;
  const files: StuckFile[] = [];
  const requests: string[] = [];
  const problems: string[] = [];
  /** A service that was stopped: the browser notes what it does not answer, for a moment also after it is back. */
  let stopped = 'none';

  beforeAll(async () => {
    ({ parley, client } = await startTiny());
    const { id } = await client.start();
    const { answer } = await client.send(id, { text: 'Hello?' });
    await new Reader().read(async () => client, answer);
    for (const name of ['one', 'two', 'three']) {
      const file = await StuckFile.install(parley, client, name);
      files.push(file);
      await file.stick();
      await file.remove();
    }
    const path = `/api/admin/queues/${queue}/parked`;
    await until(async () => (await client.get<{ items: unknown[] }>(path)).items.length === 3);
    browser = await openBrowser({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
    page = await browser.context.newPage();
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => {
      // A 401 before signing in is the page's way to ask whether somebody is.
      if (message.type() !== 'error' || message.text().includes('401')) return;
      if (/50[34]/.test(message.text()) && message.location().url.includes(`/api/${stopped}`)) return;
      problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await parley?.dispose();
  });

  const signIn = async (on: Page, account: { email: string; password: string }, button: string) => {
    await on.goto(parley.url);
    if (button === 'Create account') await on.getByRole('button', { name: 'Make an account' }).click();
    await on.getByLabel('Email').fill(account.email);
    await on.getByLabel('Password').first().fill(account.password);
    await on.getByRole('button', { name: button }).click();
    await on.getByRole('textbox', { name: 'Message' }).waitFor();
  };
  const open = async (path: string) => {
    await page.goto(`${parley.url}/admin${path}`);
    await page.locator('main:not([aria-busy=true])').waitFor();
    await page.waitForFunction(() => !document.querySelector('main .skeleton'));
  };
  const noViolations = () => expectAccessible(page);
  const tab = (name: string) =>
    page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name, exact: true });

  it('are led to from the side bar, and show every process', async () => {
    await signIn(page, admin, 'Sign in');
    // Their code comes when it is wanted.
    expect(requests.filter((url) => url.includes('admin-page'))).toEqual([]);
    await page.getByRole('link', { name: 'Administration' }).click();
    await page.getByRole('heading', { level: 1, name: 'Instances' }).waitFor();
    for (const name of parley.names) await page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
    expect(await page.getByText('is missing').count()).toBe(0);
  });

  it.runIf(split)('say which service is missing', async () => {
    const { child } = parley.process('notifications');
    stopped = 'notifications';
    child.kill('SIGSTOP');
    try {
      await page.getByText('notifications is missing').waitFor({ timeout: 60_000 });
      await noViolations();
    } finally {
      child.kill('SIGCONT');
    }
    await page.getByText('notifications is missing').waitFor({ state: 'detached', timeout: 60_000 });
  });

  it('lead to the parked messages of a queue', async () => {
    await tab('Queues').click();
    await page.getByRole('heading', { name: '3 messages parked' }).waitFor();
    await page.getByRole('link', { name: queue }).click();
    await page.getByRole('heading', { level: 1, name: queue }).waitFor();
    await page.getByText('storage.unavailable').first().waitFor();
    await page.getByText('5 attempts').first().waitFor();
  });

  it('show a parked message, and replay it, by keyboard', async () => {
    const first = page.getByRole('listitem').filter({ hasText: 'explore.model.removed.v1' }).first();
    await first.getByText('Look at it').focus();
    await page.keyboard.press('Enter');
    await first.getByText(files[0]!.digest).waitFor();
    await files[0]!.loosen();
    await first.getByRole('button', { name: /^Replay/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('The message is back in its queue.').waitFor();
    await until(async () => !files[0]!.exists);
    await expect.poll(() => page.getByRole('button', { name: /^Drop/ }).count()).toBe(2);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Parked messages');
  });

  it('drop one once that is confirmed', async () => {
    const drop = page.getByRole('button', { name: /^Drop explore/ });
    await drop.first().click();
    const dialog = page.getByRole('dialog', { name: 'Drop this message?' });
    await dialog.waitFor();
    await noViolations();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await drop.count()).toBe(2);
    await drop.first().click();
    await dialog.getByRole('button', { name: 'Drop message' }).click();
    await page.getByText('The message was dropped.').waitFor();
    await expect.poll(() => drop.count()).toBe(1);
    expect(files[1]!.exists).toBe(true);
  });

  it('replay all of a queue, by a task whose end is shown', async () => {
    await files[2]!.loosen();
    await page.getByRole('button', { name: /^Replay all/ }).click();
    await page.getByText('1 message replayed.').waitFor();
    await page.getByText('Nothing is parked here.').waitFor();
    // Replayed is back in its queue: what it asks for is done a moment later.
    await until(async () => !files[2]!.exists);
  });

  it('narrow the audit, and export what they show', async () => {
    await tab('Audit').click();
    await page.getByLabel('Module').selectOption('admin');
    await page.getByLabel('Type begins with').fill('parked.dropped');
    const event = page.getByRole('listitem').filter({ hasText: 'admin.parked.dropped.v1' });
    await event.waitFor();
    await expect.poll(() => page.locator('.events > li').count()).toBe(1);
    await event.getByText('admin.parked.dropped.v1').click();
    await event.getByText(`"queue": "${queue}"`).waitFor();
    await noViolations();
    await page.getByLabel('Has to do with id').fill('a b');
    await page.getByText('A whole id, without spaces.').waitFor();
    await page.getByRole('button', { name: 'Show everything' }).click();
    await expect.poll(() => page.locator('.events > li').count()).toBeGreaterThan(5);

    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem', { name: 'Lines (NDJSON), can be verified' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^parley-audit-.*\.ndjson$/);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    expect(JSON.parse(lines[0]!)).toEqual({ format: 'parley-audit-1', complete: true });
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ end: true, events: lines.length - 2 });
  });

  it('verify the chain', async () => {
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText(/The chain holds: [\d,]+ events checked/).waitFor();
    await page.getByText('Copy head').waitFor();
  });

  it('show how much was used, as pictures and as tables', async () => {
    await tab('Usage').click();
    await page.getByRole('img', { name: /^Answers by day/ }).waitFor();
    await page.getByText('Show as a table').click();
    await page.getByRole('table').first().getByRole('rowheader').first().waitFor();
    expect(await page.getByRole('table').first().getByRole('row').count()).toBe(31);
    await page.getByText('7 days').click();
    await expect.poll(() => page.getByRole('table').first().getByRole('row').count()).toBe(8);
    await page.getByRole('heading', { name: 'By model' }).waitFor();
    await noViolations();
  });

  it('start tasks and show them to their end', async () => {
    await tab('Tasks').click();
    await page.getByRole('button', { name: 'Start a task' }).click();
    await page.getByRole('menuitem', { name: 'Count usage anew' }).click();
    await page.getByText(/[\d,]+ events? counted\./).waitFor();
  });

  it('have no accessibility violation and fit, dark, light and on a phone', async () => {
    for (const section of sections) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await open(section);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await noViolations();
      }
      await page.setViewportSize({ width: 390, height: 844 });
      await noViolations();
      const wide = await page.evaluate(() => {
        const main = document.querySelector('main')!;
        return document.documentElement.scrollWidth > innerWidth || main.scrollWidth > main.clientWidth;
      });
      expect([section, wide]).toEqual([section, false]);
    }
  });

  it('say when they cannot be loaded, and load when asked again', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    const before = problems.length;
    const refused = { status: 500, contentType: 'application/problem+json', body: '{"detail":"Not today."}' };
    await page.route('**/api/admin/tasks*', (route) => route.fulfill(refused));
    await page.goto(`${parley.url}/admin/tasks`);
    await page.getByText('The tasks could not be loaded').waitFor();
    await page.getByText('Not today.').waitFor();
    await noViolations();
    await page.unroute('**/api/admin/tasks*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Count usage anew').first().waitFor();
    // The browser notes the refusals, as it should.
    expect(problems.splice(before).filter((problem) => !problem.includes('500'))).toEqual([]);
  });

  it('talked to this server alone, and reported no error', () => {
    const own = [parley.url, 'data:', 'blob:'];
    expect(requests.filter((url) => !own.some((start) => url.startsWith(start)))).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('are not there for anybody else', async () => {
    const other = await openBrowser({ viewport: { width: 1280, height: 800 } });
    const theirs = await other.context.newPage();
    const asked: string[] = [];
    theirs.on('request', (request) => asked.push(request.url()));
    await signIn(theirs, { email: 'second@example.org', password: 'a password of mine' }, 'Create account');
    expect(await theirs.getByRole('link', { name: 'Administration' }).count()).toBe(0);
    for (const section of sections) {
      await theirs.goto(`${parley.url}/admin${section}`);
      await theirs.getByText('There is no page at this address.').waitFor();
    }
    expect(asked.filter((url) => url.includes('/api/admin/') || url.includes('admin-page'))).toEqual([]);
    await other.close();
  });
});
