/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationView } from '../../src/chat/contracts/index.js';
import type { BrowserModelView } from '../../src/explore/contracts/index.js';
import { expectAccessible } from '../support/accessibility.js';
import { addAdapter, upload } from '../support/adapters.js';
import { browserArguments, chromiumPath, gpuArguments, type OpenBrowser, openBrowser } from '../support/browser.js';
import { chooseAdapter, chooseModel } from '../support/composer.js';
import { untilKept } from '../support/kept.js';
import { signIn } from '../support/sign-in.js';
import { tinyBrowserAdapter, tinyMediaPipeModel } from '../support/tiny-mediapipe.js';
import { startTiny, type TinyServer, until } from '../support/tiny-server.js';

const bonjour = 'Bonjour from the tiny browser model.';
/** A load on a graphics device that is made of software. */
const patient = { timeout: 60_000, interval: 100 };

describe.skipIf(!chromiumPath)('MediaPipe without the server', () => {
  let server: TinyServer;
  let model: BrowserModelView;
  let adapterDigest: string;
  let browser: OpenBrowser;
  let page: Page;

  beforeAll(async () => {
    server = await startTiny();
    const { client } = server;
    const uploadId = await upload(client, tinyMediaPipeModel(), 'model.bin');
    model = await client.post('/api/explore/browser-models', { id: 'webby', name: 'Webby', uploadId });
    const options = { browserBaseDigest: model.digest, visibility: 'public' };
    adapterDigest = (await addAdapter(client, tinyBrowserAdapter(), options)).versions[0]!.files[0]!.sha256;
    browser = await openBrowser({ args: [...browserArguments, ...gpuArguments] });
    await browser.context.addInitScript(() => localStorage.setItem('parley.browser.temperature', '0'));
    page = await browser.context.newPage();
    await page.goto(server.parley.url);
    await signIn(page);
    await page.getByRole('textbox', { name: 'Message' }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.parley.dispose();
  });

  const answer = () => page.getByRole('article', { name: 'Assistant' }).last();
  const ask = async (text: string) => {
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('article', { name: 'You' }).last().getByText(text).waitFor();
  };
  const answered = async (count: number) => {
    await expect.poll(() => page.getByRole('article', { name: 'Assistant' }).count(), patient).toBe(count);
    await expect.poll(() => answer().innerText(), patient).toContain(bonjour);
    await page.getByRole('button', { name: 'Send' }).waitFor();
  };

  it('answers from what the browser has, a message that waits for the server included, and merges later', async () => {
    // The engine is kept from its first use on: the service worker has to be there by then.
    await expect
      .poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state), { timeout: 20_000 })
      .toBe('activated');
    await chooseModel(page, /^Webby/);
    await chooseAdapter(page, /Pirate/);
    await ask('One, with the server');
    await answered(1);
    const conversationId = new URL(page.url()).pathname.split('/').at(-1)!;

    await untilKept(page, server.client);
    await browser.context.setOffline(true);
    await page.reload();
    await page.getByText('Parley cannot be reached').waitFor();
    await answer().waitFor();
    // What was chosen is still to be had: the model from the origin's own files, the adapter from what was kept.
    await page.getByRole('button', { name: 'Adapter: Pirate' }).waitFor();
    await ask('Two, without it');
    await answered(2);

    await chooseModel(page, /tiny.*on this server/i);
    await ask('Three, for the server');
    await page.getByText('Waiting to be sent').last().waitFor();
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Answer with another model' }).click();
    // The model of the processor was never downloaded.
    expect(await page.getByRole('menuitem', { name: /tiny.*not downloaded/i }).isDisabled()).toBe(true);
    await expectAccessible(page);
    await page.getByRole('menuitem', { name: /^Webby/ }).click();
    await answered(3);
    await page.getByRole('button', { name: /^Model: Webby/ }).waitFor();

    const stored = () => server.client.get<ConversationView>(`/api/conversations/${conversationId}`);
    expect((await stored()).messages).toHaveLength(2);
    await browser.context.setOffline(false);
    await page.getByText('Parley cannot be reached').waitFor({ state: 'hidden' });
    const { messages } = await until(async () => {
      const found = await stored();
      return found.messages.length === 6 && found;
    });
    const questions = ['One, with the server', 'Two, without it', 'Three, for the server'];
    expect(messages.map(({ text }) => text.trim())).toEqual(questions.flatMap((text) => [text, bonjour]));
    const answers = messages.filter(({ role }) => role === 'assistant');
    for (const one of answers) {
      expect(one).toMatchObject({ status: 'complete', runsIn: 'browser' });
      expect(one.metadata).toMatchObject({
        ...{ engine: 'browser', browser: { runtime: 'mediapipe' } },
        ...{ modelDigest: model.digest, adapterDigests: [adapterDigest] },
      });
    }
    await page.getByText('Waiting to be sent').first().waitFor({ state: 'hidden' });
  });
});
