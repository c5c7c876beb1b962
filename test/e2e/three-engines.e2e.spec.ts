/// <reference lib="dom" />
import { readFileSync } from 'node:fs';
import { type StubUpstream, startStubUpstream } from '@app/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessageView } from '../../src/chat/contracts/index.js';
import type { BrowserModelView } from '../../src/explore/contracts/index.js';
import { addAdapter, upload } from '../support/adapters.js';
import { browserArguments, chromiumPath, gpuArguments, type OpenBrowser, openBrowser } from '../support/browser.js';
import { chooseAdapter, chooseModel } from '../support/composer.js';
import { signIn } from '../support/sign-in.js';
import { tinyBrowserAdapter, tinyMediaPipeModel } from '../support/tiny-mediapipe.js';
import { startTiny, type TinyServer, until } from '../support/tiny-server.js';

const bonjour = 'Bonjour from the tiny browser model.';

describe.skipIf(!chromiumPath)('one conversation over three engines', () => {
  let server: TinyServer;
  let upstream: StubUpstream;
  let browser: OpenBrowser;
  let page: Page;
  const models: Record<string, BrowserModelView> = {};
  let adapterDigest = '';
  const requests: string[] = [];
  const refused: string[] = [];

  beforeAll(async () => {
    upstream = await startStubUpstream({ tokens: [' Hello', ' from', ' upstream', '.'], models: ['stub'] });
    server = await startTiny({ env: { INFERENCE_UPSTREAM_URL: upstream.url, INFERENCE_UPSTREAM_NAME: 'stub' } });
    const { client } = server;
    for (const endless of [false, true]) {
      const uploadId = await upload(client, tinyMediaPipeModel({ endless }), 'model.bin');
      const name = endless ? 'Endless' : 'Webby';
      const body = { id: name.toLowerCase(), name, uploadId };
      models[name] = await client.post<BrowserModelView>('/api/explore/browser-models', body);
    }
    const browserBaseDigest = models['Webby']!.digest;
    const adapter = await addAdapter(client, tinyBrowserAdapter(), { browserBaseDigest, visibility: 'public' });
    adapterDigest = adapter.versions[0]!.files[0]!.sha256;
    browser = await openBrowser({ args: [...browserArguments, ...gpuArguments] });
    // What is greedy says the same each time.
    await browser.context.addInitScript(() => localStorage.setItem('parley.browser.temperature', '0'));
    page = await browser.context.newPage();
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) refused.push(message.text());
    });
    await page.goto(server.parley.url);
    await signIn(page);
    await page.getByRole('textbox', { name: 'Message' }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.parley.dispose();
    await upstream?.close();
  });

  const answer = () => page.getByRole('article', { name: 'Assistant' }).last();
  const choose = (name: RegExp) => chooseModel(page, name);
  const ask = async (text: string) => {
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  };
  const said = (text: string) =>
    expect.poll(() => answer().innerText(), { timeout: 60_000, interval: 100 }).toContain(text);
  const idle = () => page.getByRole('button', { name: 'Send' }).waitFor();
  /** Once every answer has its end: the conversation hears of it after who reads the answer. */
  const stored = (): Promise<MessageView[]> =>
    until(async () => {
      const id = page.url().split('/').at(-1)!;
      const { messages } = await server.client.get<{ messages: MessageView[] }>(`/api/conversations/${id}/export`);
      return messages.every(({ status }) => status !== 'pending') && messages;
    });

  it('begins on the server, goes on in the browser with an adapter, and ends at an upstream', async () => {
    await choose(/tiny.*on this server/i);
    await ask('One, on the server');
    await said('Hello from the tiny test model.');
    await idle();

    await choose(/^Webby.*in this browser/i);
    await chooseAdapter(page, /Pirate/);
    // Its engine knows no strength, and says so.
    await page.getByRole('button', { name: 'Strength of Pirate: 1' }).click();
    expect(await page.getByRole('slider', { name: 'Strength of the adapter' }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    await ask('Two, here');
    await said(bonjour);
    await idle();

    await choose(/upstream/i);
    await ask('Three, far away');
    await said('Hello from upstream.');
    await idle();
    // What the browser said is part of what the upstream was asked.
    const asked = upstream.requests.findLast(({ method }) => method === 'POST');
    expect(JSON.stringify(asked?.body)).toContain(bonjour);

    const answers = (await stored()).filter(({ role }) => role === 'assistant');
    expect(answers.map(({ metadata }) => metadata?.engine)).toEqual(['llama-cpp', 'browser', 'openai-compatible']);
    const here = answers[1]!.metadata!;
    expect(here).toMatchObject({
      ...{ modelDigest: models['Webby']!.digest, adapterDigests: [adapterDigest], finishReason: 'stop' },
      ...{ sampler: { temperature: 0, topK: 1 }, browser: { runtime: 'mediapipe' } },
    });
    await page.getByRole('button', { name: 'Conversation menu' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Export' }).click(),
    ]);
    const file = JSON.parse(readFileSync(await download.path(), 'utf8')) as { messages: MessageView[] };
    expect(file.messages).toEqual(await stored());
    expect(here.promptTokens).toBeGreaterThan(10);
    expect(here.completionTokens).toBeGreaterThan(3);
  });

  it('says something else without the adapter, as another version of the same answer', async () => {
    await choose(/^Webby/);
    // What was chosen for it stays while another engine answers.
    await page.getByRole('button', { name: 'Adapter: Pirate' }).waitFor();
    await chooseAdapter(page, /No adapter/);
    await answer().getByRole('button', { name: 'Retry' }).click();
    await said('Hello from the tiny browser model.');
    await idle();
    await page.getByText('2/2').first().waitFor();
  });

  it('answers with llama.cpp in WebAssembly, too', async () => {
    await choose(/tiny.*on the processor/i);
    await ask('Four, on the processor');
    await said('Hello from the tiny test model.');
    await idle();
    expect((await stored()).at(-1)?.metadata).toMatchObject({ engine: 'browser', browser: { runtime: 'wllama' } });
  });

  it('loses nothing of an answer when the page is loaded again in the middle of it', async () => {
    await choose(/^Endless/);
    await ask('Five, without end');
    await said('browser model. Hello from');
    const before = (await answer().innerText()).length;
    await page.reload();
    await page.getByText('Stopped.').waitFor();
    await idle();
    expect((await answer().innerText()).length).toBeGreaterThanOrEqual(before - 20);
    const last = (await stored()).at(-1)!;
    expect(last).toMatchObject({ status: 'stopped', metadata: { engine: 'browser' } });
    await answer().getByRole('button', { name: 'Retry' }).click();
    await said('browser model. Hello from');
    await page.getByRole('button', { name: 'Stop' }).click();
    await idle();
    expect((await stored()).at(-1)).toMatchObject({ status: 'stopped', parentId: last.parentId });
  });

  it('tells of a model that the browser cannot run, and the next engine takes over', async () => {
    const plain = await openBrowser();
    try {
      const tab = await plain.context.newPage();
      await tab.goto(page.url());
      await signIn(tab);
      await chooseModel(tab, /^Webby/);
      await tab.getByRole('textbox', { name: 'Message' }).fill('Six');
      await tab.getByRole('button', { name: 'Send' }).click();
      await tab.getByText('offers no WebGPU').waitFor({ timeout: 60_000 });
      expect((await stored()).at(-1)).toMatchObject({ status: 'failed', error: { code: 'engine.no-webgpu' } });
      await chooseModel(tab, /tiny.*on this server/i);
      await tab.getByRole('article', { name: 'Assistant' }).last().getByRole('button', { name: 'Retry' }).click();
      await tab.getByText('Hello from the tiny test model.').last().waitFor();
    } finally {
      await plain.close();
    }
  });

  it('is answered by another engine when the chosen one lets it wait', async () => {
    await choose(/upstream/i);
    upstream.fail({ silentAfter: 0 });
    await ask('Seven, of one that is silent');
    await page.getByRole('button', { name: 'Answer with another model' }).click({ timeout: 20_000 });
    await page
      .getByRole('menuitem', { name: /tiny.*on this server/i })
      .first()
      .click();
    await said('Hello from the tiny test model.');
    await idle();
    const question = (await stored()).find(({ text }) => text.startsWith('Seven'))!;
    await expect
      .poll(async () => (await stored()).filter(({ parentId }) => parentId === question.id).map(({ status }) => status))
      .toEqual(['stopped', 'complete']);
  });

  it('asked nobody but Parley, and tried nothing that the content policy had to stop', () => {
    const origin = new URL(page.url()).origin;
    expect(requests.filter((url) => !url.startsWith(origin) && !/^(?:blob|data):/.test(url))).toEqual([]);
    expect(refused).toEqual([]);
  });
});
