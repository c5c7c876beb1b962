/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, type OpenBrowser, openBrowser } from '../support/browser.js';
import { signIn } from '../support/sign-in.js';
import { startTiny, type TinyServer } from '../support/tiny-server.js';

/** A model that answers with markup that would run, were it shown as it is. */
const hostile = [
  '<img src=x onerror="window.pwned=1">',
  '<script>window.pwned=2</script>',
  '[link](javascript:window.pwned=3)',
  '<a href="https://elsewhere.example/?q=secret"><img src="https://elsewhere.example/pixel.png"></a>',
];

describe.skipIf(!chromiumPath)('what a model says in a browser', () => {
  let server: TinyServer;
  let browser: OpenBrowser;
  beforeAll(async () => {
    server = await startTiny({}, { words: hostile.map((text) => `\n\n${text}`) });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.parley.dispose();
  });

  it('is shown and never run, and fetches nothing from elsewhere', async () => {
    const page = await browser.context.newPage();
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('elsewhere.example')) elsewhere.push(request.url());
    });
    await page.goto(server.parley.url);
    await signIn(page);
    await page.getByRole('textbox', { name: 'Message' }).fill('Hello?');
    await page.getByRole('button', { name: 'Send' }).click();
    const answer = page.getByRole('article', { name: 'Assistant' }).last();
    await expect.poll(() => answer.innerText(), { timeout: 30_000 }).toContain('link');
    await page.getByRole('button', { name: 'Send' }).waitFor();
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
    const unsafe = await answer.evaluate(
      (element) =>
        [...element.querySelectorAll('*')].filter(
          (node) =>
            node.tagName === 'SCRIPT' ||
            [...node.attributes].some(({ name, value }) => name.startsWith('on') || /^\s*javascript:/i.test(value)),
        ).length,
    );
    expect(unsafe).toBe(0);
    expect(elsewhere).toEqual([]);
  });
});
