/// <reference lib="dom" />
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tinyAdapter } from '@app/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from '../support/accessibility.js';
import { chromiumPath, type OpenBrowser, openBrowser } from '../support/browser.js';
import { signIn } from '../support/sign-in.js';
import { startTiny, type TinyServer } from '../support/tiny-server.js';

describe.skipIf(!chromiumPath)('the page of adapters', () => {
  let server: TinyServer;
  let browser: OpenBrowser;
  let page: Page;
  let folder: string;
  const problems: string[] = [];

  beforeAll(async () => {
    server = await startTiny({ env: { INFERENCE_MAX_TOKENS: '30', INFERENCE_TEMPERATURE: '0' } }, { kind: 'random' });
    folder = mkdtempSync(join(tmpdir(), 'parley-lora-'));
    const { config, weights } = tinyAdapter();
    writeFileSync(join(folder, 'adapter_config.json'), config);
    writeFileSync(join(folder, 'adapter_model.safetensors'), weights);
    writeFileSync(join(folder, 'adapter_model.bin'), Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(64)]));
    browser = await openBrowser({ viewport: { width: 1280, height: 900 } });
    page = await browser.context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('401')) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${server.parley.url}/adapters`);
    await signIn(page);
    await page.getByRole('heading', { name: 'LoRA adapters' }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.parley.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const noViolations = () => expectAccessible(page);
  const card = () => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Pirate' }) });
  const add = async (...files: string[]) => {
    await page.getByLabel('Files').setInputFiles(files.map((name) => join(folder, name)));
    await page.getByRole('button', { name: 'Upload' }).click();
  };
  const ask = async (text: string) => {
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
    await page
      .getByRole('article', { name: 'Assistant' })
      .last()
      .getByRole('button', { name: 'Copy answer' })
      .waitFor();
    return page.getByRole('article', { name: 'Assistant' }).last().innerText();
  };

  it('takes an adapter, converts it and says so', async () => {
    await page.getByText('There is no adapter yet.').waitFor();
    await noViolations();
    await page.getByRole('button', { name: 'Add an adapter' }).click();
    await page.getByLabel('Name').fill('Pirate');
    await page.getByLabel('Description').fill('Talks like one');
    await noViolations();
    await add('adapter_config.json', 'adapter_model.safetensors');
    await card().getByText('In use').waitFor();
    await expect.poll(() => card().innerText()).toMatch(/for tiny/);
    await noViolations();
  });

  it('says why a version is refused, and goes on using the one before', async () => {
    await page.getByRole('button', { name: 'New version of Pirate' }).click();
    await add('adapter_config.json', 'adapter_model.bin');
    await card().getByText('can run code').waitFor();
    await expect.poll(() => card().innerText()).toMatch(/Version 2[^]*Version 1\s+In use/);
  });

  it('is as usable on a phone and in the dark', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await noViolations();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(wide).toBe(false);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('gives the composer a choice that changes the answer', async () => {
    await page.getByRole('link', { name: 'New chat' }).click();
    const plain = await ask('Tell me a story');
    await page.getByRole('link', { name: 'New chat' }).click();
    await page.getByRole('button', { name: 'Adapter: none' }).click();
    await page.getByRole('menuitemradio', { name: /Pirate/ }).click();
    await page.getByRole('button', { name: 'Adapter: Pirate' }).waitFor();
    await noViolations();
    expect(await ask('Tell me a story')).not.toBe(plain);
    await page.getByRole('button', { name: 'About this answer' }).last().click();
    await page.getByText('Pirate, version 1, strength 1').waitFor();
    await page.keyboard.press('Escape');
  });

  it('lets its strength be chosen, and the answer says which it was', async () => {
    const changed = await page.getByRole('article', { name: 'Assistant' }).last().innerText();
    await page.getByRole('link', { name: 'New chat' }).click();
    await page.getByRole('button', { name: 'Strength of Pirate: 1' }).click();
    await page.getByRole('slider', { name: 'Strength of the adapter' }).fill('0');
    await noViolations();
    await page.keyboard.press('Escape');
    // It stays for the next time.
    await page.reload();
    await page.getByRole('button', { name: 'Strength of Pirate: 0' }).waitFor();
    expect(await ask('Tell me a story')).not.toBe(changed);
    await page.getByRole('button', { name: 'About this answer' }).last().click();
    await page.getByText('Pirate, version 1, strength 0').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Strength of Pirate: 0' }).click();
    await page.getByRole('button', { name: 'As it was made' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Strength of Pirate: 1' }).waitFor();
  });

  it('deletes it, and the choice with it', async () => {
    await page.getByRole('link', { name: 'Adapters' }).click();
    const shared = page.waitForResponse((response) => response.request().method() === 'PATCH');
    await page.getByLabel('Who may use Pirate').selectOption('public');
    // What is deleted meanwhile cannot be shared, which the page would tell.
    await shared;
    await page.getByRole('button', { name: 'Delete Pirate' }).click();
    await page.getByRole('button', { name: 'Delete adapter' }).click();
    await page.getByText('There is no adapter yet.').waitFor();
    await page.getByRole('link', { name: 'New chat' }).click();
    await expect.poll(() => page.getByRole('button', { name: /^Adapter:/ }).count()).toBe(0);
    expect(problems).toEqual([]);
  });
});
