/// <reference lib="dom" />
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from '../support/accessibility.js';
import { chromiumPath, type OpenBrowser, openBrowser } from '../support/browser.js';
import { Parley } from '../support/parley.js';
import { prepareDataDir } from '../support/tiny-server.js';

const modelFile = process.env['PARLEY_TEST_MODEL'];
const account = { email: 'first@example.org', password: 'a password of mine' };

/** A newcomer's machine: nothing is set up but where the model comes from. */
const env = {
  AUTH_ADMIN_EMAIL: '',
  AUTH_ADMIN_PASSWORD: '',
  AUTH_API_KEY: '',
  EXPLORE_MODEL_FOLDER: modelFile ? dirname(modelFile) : '',
  INFERENCE_MAX_TOKENS: '200',
  INFERENCE_TEMPERATURE: '0',
};

describe.skipIf(!chromiumPath || !modelFile)('a newcomer with a browser and a real model', () => {
  let dataDir: string;
  let parley: Parley;
  let browser: OpenBrowser;
  let page: Page;
  const requests: string[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    dataDir = await prepareDataDir();
    parley = await Parley.start({ dataDir, env });
    browser = await openBrowser({ viewport: { width: 1280, height: 800 } });
    page = await browser.context.newPage();
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => {
      // A 401 before signing in is the page's way to ask whether somebody is.
      if (message.type() === 'error' && !message.text().includes('401')) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await parley?.kill('SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  });

  const composer = () => page.getByRole('textbox', { name: 'Message' });
  const answers = () => page.getByRole('article', { name: 'Assistant' });
  const idle = () => page.getByRole('button', { name: 'Send' }).waitFor();
  const ask = async (text: string) => {
    await composer().fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  };
  const noViolations = () => expectAccessible(page);
  const signalEngine = (signal: 'SIGSTOP' | 'SIGCONT') => process.kill(parley.enginePid()!, signal);

  it('signs up as the administrator', async () => {
    await page.goto(parley.url);
    await page.getByLabel('Email').waitFor();
    await noViolations();
    await page.getByLabel('Email').fill(account.email);
    await page.getByLabel('Password').first().fill(account.password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await composer().waitFor();
    await noViolations();
  });

  it('asks and reads an answer of a real language model', async () => {
    // The model is installed by itself meanwhile; the composer waits for it.
    await page.waitForFunction(
      () => document.querySelector('textarea')?.getAttribute('placeholder') === 'Ask anything',
      undefined,
      { timeout: 60_000 },
    );
    await ask('What is the capital of France?');
    await answers().first().waitFor();
    await idle();
    await expect.poll(() => answers().first().innerText(), { timeout: 90_000 }).toMatch(/Paris/);
    await noViolations();
  });

  it('sees an answer go on after a reload in the middle of it', async () => {
    await ask('Tell me a long story about a lighthouse keeper.');
    await expect.poll(async () => (await answers().last().innerText()).length, { timeout: 60_000 }).toBeGreaterThan(40);
    // However quick the model is, it waits for the page.
    signalEngine('SIGSTOP');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    const before = (await answers().last().innerText()).length;
    signalEngine('SIGCONT');
    await expect
      .poll(async () => (await answers().last().innerText()).length, { timeout: 60_000 })
      .toBeGreaterThan(before);
    signalEngine('SIGSTOP');
  });

  it('stops it, and can try again', async () => {
    await page.getByRole('button', { name: 'Stop' }).click();
    signalEngine('SIGCONT');
    await idle();
    await answers().last().getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await page.keyboard.press('Escape');
    await idle();
    await page.getByText('2/2').or(page.getByText('2 / 2')).first().waitFor();
  });

  it('sees the same stream in two tabs', async () => {
    const second = await browser.context.newPage();
    await second.goto(page.url());
    await second.getByRole('article', { name: 'Assistant' }).first().waitFor();
    await ask('Why is the sky blue?');
    const theirs = second.getByRole('article', { name: 'Assistant' }).last();
    await second.getByText('Why is the sky blue?').first().waitFor();
    await idle();
    await expect
      .poll(async () => (await theirs.innerText()) === (await answers().last().innerText()), { timeout: 60_000 })
      .toBe(true);
    await second.close();
  });

  it('finds everything again after the server was killed and started anew', async () => {
    const url = page.url();
    const texts = await answers().allInnerTexts();
    const before = problems.length;
    await parley.kill('SIGKILL');
    const { port } = new URL(parley.url);
    parley = await Parley.start({ dataDir, env: { ...env, PORT: port } });
    await page.goto(url);
    await answers().first().waitFor();
    await expect.poll(() => answers().allInnerTexts(), { timeout: 20_000 }).toEqual(texts);
    // The browser notes that nobody answered meanwhile, as it should; the page that was left may be told so last.
    const gone = problems.splice(before).filter((problem) => !problem.startsWith('Failed to load resource: net::'));
    expect(gone).toEqual([]);
  });

  it('has no accessibility violation on any page, dark, light or phone', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const path of ['/', '/models', '/account', '/storage']) {
        await page.goto(parley.url + path);
        await page.locator('main:not([aria-busy=true])').waitFor();
        await noViolations();
      }
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(parley.url);
    await composer().waitFor();
    await noViolations();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect(wide).toBe(false);
  });

  it('talked to this server alone, and the page reported no error', () => {
    expect(
      requests.filter((url) => !url.startsWith(parley.url) && !url.startsWith('data:') && !url.startsWith('blob:')),
    ).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('loads less than 200 kB at first', async () => {
    const fresh = await openBrowser();
    const first = await fresh.context.newPage();
    const session = await fresh.context.newCDPSession(first);
    await session.send('Network.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    await first.goto(parley.url);
    await first.getByLabel('Email').waitFor();
    await first.waitForLoadState('load');
    await fresh.close();
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(200_000);
  });
});
