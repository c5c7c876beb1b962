import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** Chromium of the machine; unset by the test command where there is none, and then the suite is skipped. */
export const chromiumPath = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium'].find(
  (path) => path && existsSync(path),
);

/** What every browser of a test is started with; `args` of `openBrowser` take their place. */
export const browserArguments = [
  '--headless=new',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** WebGPU on the processor, for models that run in the browser. */
export const gpuArguments = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

export interface OpenBrowser {
  context: BrowserContext;
  close(): Promise<void>;
}

/** A browser with a profile of its own, which sees nothing but this machine. */
export async function openBrowser(
  options: Parameters<typeof chromium.launchPersistentContext>[1] = {},
): Promise<OpenBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'parley-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    ...(chromiumPath && { executablePath: chromiumPath }),
    headless: false,
    chromiumSandbox: false,
    args: browserArguments,
    ignoreDefaultArgs: ['--headless'],
    ...options,
  });
  // A busy machine takes its time; what never comes is told by the test's own limit at the latest.
  context.setDefaultTimeout(60_000);
  return {
    context,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
