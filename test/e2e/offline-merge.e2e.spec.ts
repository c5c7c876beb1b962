/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationView } from '../../src/chat/contracts/index.js';
import { expectAccessible } from '../support/accessibility.js';
import { chromiumPath, type OpenBrowser, openBrowser } from '../support/browser.js';
import { untilKept } from '../support/kept.js';
import { signIn } from '../support/sign-in.js';
import { startTiny, type TinyServer, until } from '../support/tiny-server.js';

const words = 'Hello from the tiny test model.';

/** A browser of its own, with its own storage: another device of the same person. */
interface Device {
  browser: OpenBrowser;
  page: Page;
}

describe.skipIf(!chromiumPath)('two devices without the server', () => {
  let server: TinyServer;
  let left: Device;
  let right: Device;
  let conversationId: string;

  const open = async (): Promise<Device> => {
    const browser = await openBrowser();
    await browser.context.addInitScript(() => localStorage.setItem('parley.browser.temperature', '0'));
    const page = await browser.context.newPage();
    await page.goto(server.parley.url);
    await signIn(page);
    await page.getByRole('textbox', { name: 'Message' }).waitFor();
    // The engine is kept from its first use on: the service worker has to be there by then.
    await expect
      .poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state), { timeout: 20_000 })
      .toBe('activated');
    return { browser, page };
  };
  const ask = async ({ page }: Device, text: string) => {
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('article', { name: 'You' }).last().getByText(text).waitFor();
    const answer = page.getByRole('article', { name: 'Assistant' }).last();
    await expect.poll(() => answer.innerText(), { timeout: 60_000 }).toContain(words);
    await page.getByRole('button', { name: 'Send' }).waitFor();
  };
  const choose = async ({ page }: Device) => {
    await page.getByRole('button', { name: /^Model:/ }).click();
    await page.getByRole('menuitemradio', { name: /tiny.*on the processor/i }).click();
  };
  const leave = async ({ browser, page }: Device) => {
    await untilKept(page, server.client);
    await browser.context.setOffline(true);
    await page.reload();
    await page.getByText('Parley cannot be reached').waitFor();
    await page.getByRole('article', { name: 'Assistant' }).last().waitFor();
  };
  const comeBack = async ({ browser, page }: Device) => {
    await browser.context.setOffline(false);
    await page.getByText('Parley cannot be reached').waitFor({ state: 'hidden' });
    await page.getByText('Waiting to be sent').first().waitFor({ state: 'hidden' });
  };
  const rename = async ({ page }: Device, title: string) => {
    await page.getByRole('button', { name: 'Conversation menu' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await page.getByRole('textbox', { name: 'Title' }).fill(title);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
  };
  const stored = (id = conversationId) => server.client.get<ConversationView>(`/api/conversations/${id}`);
  const listed = async () =>
    (await server.client.get<{ items: { id: string; title: string }[] }>('/api/conversations')).items;

  beforeAll(async () => {
    server = await startTiny();
  });
  afterAll(async () => {
    await Promise.all([left?.browser.close(), right?.browser.close()]);
    await server?.parley.dispose();
  });

  it('use one conversation while it is there', async () => {
    [left, right] = await Promise.all([open(), open()]);
    await choose(left);
    await ask(left, 'Begun on the left');
    conversationId = new URL(left.page.url()).pathname.split('/').at(-1)!;
    await right.page.goto(`${server.parley.url}/c/${conversationId}`);
    await choose(right);
    await ask(right, 'And on the right');
    await left.page.reload();
    await left.page.getByText('And on the right').waitFor();
    expect((await stored()).messages).toHaveLength(4);
  });

  it('read, and are answered by a model of their own, also after a reload', async () => {
    await leave(left);
    await ask(left, 'Left without the server');
    await left.page.getByText('Waiting to be sent').first().waitFor();
    await left.page.reload();
    await left.page.getByText('Left without the server').first().waitFor();
    await ask(left, 'Left once more');
    await rename(left, 'Named on the left');
    await expectAccessible(left.page);
    await leave(right);
    await ask(right, 'Right without the server');
    await rename(right, 'Named on the right');
    expect((await stored()).messages).toHaveLength(4);
  });

  it('begin conversations, which are listed', async () => {
    await left.page.getByRole('link', { name: 'New chat' }).first().click();
    await ask(left, 'A conversation that began offline');
    await left.page
      .getByRole('region', { name: 'Conversations' })
      .getByRole('link', { name: 'A conversation that began offline' })
      .waitFor();
    await left.page.goto(`${server.parley.url}/storage`);
    await left.page.getByRole('heading', { name: 'Waiting to be sent' }).waitFor();
    expect(await left.page.getByRole('heading', { name: 'A message and its answer' }).count()).toBe(3);
    await expectAccessible(left.page);
    await left.page.goto(`${server.parley.url}/c/${conversationId}`);
    await left.page.getByText('Left once more').waitFor();
  });

  it('come back one after the other: both branches are there, once, and the last title', async () => {
    await comeBack(left);
    const afterLeft = await until(async () => {
      const found = await stored();
      return found.title === 'Named on the left' && found;
    });
    expect(afterLeft.messages).toHaveLength(8);
    await comeBack(right);
    const { messages } = await until(async () => {
      const found = await stored();
      return found.title === 'Named on the right' && found;
    });
    const said = (text: string) => messages.filter((message) => message.text === text);
    expect(messages).toHaveLength(10);
    const [one, two] = [said('Left without the server'), said('Right without the server')];
    expect([one.length, two.length, said('Left once more').length]).toEqual([1, 1, 1]);
    expect(one[0]!.parentId).toBe(two[0]!.parentId);
    const answer = messages.find(({ parentId }) => parentId === one[0]!.id)!;
    expect(answer).toMatchObject({
      status: 'complete',
      runsIn: 'browser',
      metadata: { browser: { runtime: 'wllama' } },
    });
    expect(said('Left once more')[0]!.parentId).toBe(answer.id);
    expect((await listed()).map(({ title }) => title).toSorted()).toEqual([
      'A conversation that began offline',
      'Named on the right',
    ]);
    // The other device sees both.
    await left.page.reload();
    await left.page.getByText('2/2').first().waitFor();
  });

  it('lose nothing when one deletes what the other writes in', async () => {
    await leave(left);
    await ask(left, 'Written while it was deleted');
    await right.page.getByRole('button', { name: 'Conversation menu' }).click();
    await right.page.getByRole('menuitem', { name: 'Delete' }).click();
    await right.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await right.page.getByText('Conversation deleted.').waitFor();
    await left.browser.context.setOffline(false);
    const recovered = await until(async () => (await listed()).find(({ title }) => title.startsWith('Recovered: ')));
    const { messages } = await stored(recovered.id);
    expect(messages.map(({ text }) => text)).toEqual(['Written while it was deleted', expect.stringContaining(words)]);
    await left.page.getByText('What you wrote is kept in a new one').waitFor();
    await expect.poll(() => new URL(left.page.url()).pathname, { timeout: 20_000 }).toBe(`/c/${recovered.id}`);
    await left.page.getByText('Written while it was deleted').first().waitFor();
  });
});
