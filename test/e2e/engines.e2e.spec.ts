/// <reference lib="dom" />
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeTfl3Head } from '@app/lora';
import { encodeLitertlm, writeTinyGguf } from '@app/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserArguments, chromiumPath, gpuArguments, openBrowser, type OpenBrowser } from '../support/browser.js';
import { type Asset, EngineLab } from '../support/engine-lab.js';
import { split } from '../support/topology.js';
import { tinyMediaPipeAdapter } from '../support/tiny-lora.js';
import { tinyMediaPipeModel } from '../support/tiny-mediapipe.js';

type Name = 'mediapipe' | 'wllama';
interface Finish {
  reason: string;
  promptTokens: number;
  completionTokens: number;
}
interface Said {
  text: string;
  pieces: number;
  finish: Finish | null;
}
/** `apps/web/lab/lab.ts` as seen from here. */
type LabMethod =
  'loadHuge' | 'fetch' | 'have' | 'load' | 'loadBytes' | 'loadCut' | 'adapt' | 'unadapt' | 'count' | 'unload' | 'say';

const lab = new EngineLab();
let browser: OpenBrowser;
let url: string;
let page: Page;
const assets: Record<string, Asset> = {};
const requests: string[] = [];

async function call<T>(method: LabMethod, ...args: unknown[]): Promise<{ ok: T; code?: undefined } | { code: string }> {
  return page.evaluate(
    ([name, parameters]) =>
      (window as unknown as { lab: Record<string, (...all: unknown[]) => Promise<never>> }).lab[name]!(...parameters),
    [method, args] as const,
  );
}
async function done<T>(method: LabMethod, ...args: unknown[]): Promise<T> {
  const outcome = await call<T>(method, ...args);
  if (outcome.code !== undefined) throw new Error(JSON.stringify(outcome));
  return outcome.ok;
}
const code = async (method: LabMethod, ...args: unknown[]) => (await call(method, ...args)).code;
const MIB = 2 ** 20;
/** Bytes that the browser's processes for pages hold of their own, garbage left out. */
async function resident(): Promise<number> {
  await page.requestGC();
  const processes = new Map(readdirSync('/proc').flatMap((id) => (/^\d+$/.test(id) ? describeProcess(id) : [])));
  const isOurs = (id: string): boolean => {
    const parent = processes.get(id)?.parent;
    return parent !== undefined && (parent === String(process.pid) || isOurs(parent));
  };
  const pages = [...processes].filter(([id, { renders }]) => renders && isOurs(id));
  expect(pages.length).toBeGreaterThan(0);
  return pages.reduce((sum, [, { bytes }]) => sum + bytes, 0);
}

/** The same once it does not get less any more: what was unloaded before goes back to the system bit by bit. */
async function atRest(): Promise<number> {
  for (let before = Infinity; ;) {
    const now = await resident();
    if (now > before - MIB) return now;
    before = now;
  }
}

function describeProcess(id: string): [string, { parent: string; bytes: number; renders: boolean }][] {
  try {
    const status = readFileSync(`/proc/${id}/status`, 'utf8');
    const parent = /^PPid:\s+(\d+)$/m.exec(status)![1]!;
    const bytes = Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    return [[id, { parent, bytes, renders: readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--type=renderer') }]];
  } catch {
    // It ended meanwhile.
    return [];
  }
}
const open = async (): Promise<Page> => {
  const tab = await browser.context.newPage();
  tab.on('request', (request) => requests.push(request.url()));
  await tab.goto(url);
  await tab.waitForFunction(() => 'lab' in window);
  return tab;
};

// No server of ours is there, so one topology is enough.
describe.skipIf(!chromiumPath || split)('a model in the browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-gguf-'));

  beforeAll(async () => {
    url = await lab.start();
    const base = tinyMediaPipeModel();
    assets['base'] = lab.add('base.bin', base, 'mediapipe');
    assets['endless'] = lab.add('endless.bin', tinyMediaPipeModel({ endless: true }), 'mediapipe');
    assets['lora'] = lab.add('lora.bin', await tinyMediaPipeAdapter(base), 'mediapipe');
    await writeTinyGguf(join(folder, 'tiny.gguf'), { words: [' Hello', ' from', ' the', ' GGUF', '.'] });
    await writeTinyGguf(join(folder, 'long.gguf'), { words: Array.from({ length: 400 }, (_, at) => ` w${at}`) });
    const weights = { name: 'w', shape: [2 ** 14, 2 ** 17], type: 'INT8' as const, bytes: 2 ** 31 };
    const entries = [
      { name: 'odml.infra.proto.LlmParameters', value: Buffer.alloc(8) },
      { name: 'odml.infra.LlmModelType', value: 6 },
    ];
    assets['huge-mediapipe'] = lab.add('huge.bin', Buffer.from(encodeTfl3Head([weights], entries)), 'mediapipe');
    assets['gguf'] = lab.add('tiny.gguf', readFileSync(join(folder, 'tiny.gguf')), 'gguf');
    assets['huge-wllama'] = assets['gguf'];
    assets['long'] = lab.add('long.gguf', readFileSync(join(folder, 'long.gguf')), 'gguf');
    browser = await openBrowser({ args: [...browserArguments, ...gpuArguments] });
    page = await open();
  });
  afterAll(async () => {
    await browser?.close();
    await lab.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each([
    { name: 'mediapipe' as Name, model: 'base', long: 'endless', text: ' Hello from the tiny browser model.' },
    { name: 'wllama' as Name, model: 'gguf', long: 'long', text: ' Hello from the GGUF.' },
  ])('run by $name', ({ name, model, long, text }) => {
    it('tells how far loading is, and answers in pieces, with the tokens counted', async () => {
      expect(await done('load', name, assets[model])).toMatchObject({ contextTokens: 256 });
      expect(
        await page.evaluate(() => (window as unknown as { lab: { progress: number[] } }).lab.progress.at(-1)),
      ).toBe(1);
      const said = await done<Said>('say', name);
      expect(said.text.trim()).toBe(text.trim());
      expect(said.pieces).toBeGreaterThan(1);
      expect(said.finish).toMatchObject({ reason: 'stop' });
      expect(said.finish!.promptTokens).toBeGreaterThan(3);
      expect(said.finish!.completionTokens).toBeGreaterThan(3);
      expect(await done<number>('count', name, 'hi')).toBe(said.finish!.promptTokens);
    });

    it('refuses a conversation that is too long, and goes on', async () => {
      await done('have', name, assets[model]);
      expect(await call('say', name, { text: 'word '.repeat(400) })).toMatchObject({ code: 'engine.prompt-too-long' });
      if ((await code('say', name)) !== undefined) await done('load', name, assets[model]);
      expect((await done<Said>('say', name)).text.trim()).toBe(text.trim());
    });

    it('stops within a few tokens and answers again at once', async () => {
      await done('have', name, assets[long], 2048);
      const stopped = await done<Said>('say', name, { stopAfter: 3, maxTokens: 1500 });
      expect(stopped.finish?.reason).toBe('stopped');
      expect(stopped.pieces).toBeLessThan(20);
      await done('say', name, { leaveAfter: 2, maxTokens: 1500 });
      expect((await done<Said>('say', name, { maxTokens: 20 })).finish?.reason).toBe('length');
    });

    it('refuses a second question while it answers', async () => {
      await done('have', name, assets[long], 2048);
      const [first, second] = await page.evaluate(async (engine) => {
        const { lab: tools } = window as unknown as { lab: { say(n: string, o: object): Promise<{ code?: string }> } };
        const running = tools.say(engine, { stopAfter: 8, maxTokens: 1500 });
        const other = await tools.say(engine, {});
        return [await running, other];
      }, name);
      expect(first!.code).toBeUndefined();
      expect(second!.code).toBe('engine.busy');
    });

    it.each([
      ['a page', '<!doctype html><p>Sign in</p>'],
      ['nothing', ''],
      ['a zip', 'PK\u0003\u0004 and more'],
    ])('refuses %s instead of a model', async (_what, bytes) => {
      expect(await code('loadBytes', name, bytes, 2_000_000)).toBe('engine.wrong-format');
    });

    it('says that there is not enough memory for a model that no page could hold', async () => {
      expect(await code('loadHuge', name, assets[`huge-${name}`], 2200)).toBe('engine.not-enough-memory');
      await done('load', name, assets[model]);
      expect((await done<Said>('say', name)).text.trim()).toBe(text.trim());
    });

    it('says so when no model is loaded', async () => {
      await done('unload', name);
      expect(await code('say', name)).toBe('engine.not-loaded');
    });

    it('gives the memory back: its worker is gone after unloading, and what it held', async () => {
      await done('unload', name);
      const idle = await atRest();
      await done('load', name, assets[model]);
      await done('say', name);
      const busy = page.workers().length;
      const taken = (await resident()) - idle;
      expect(taken).toBeGreaterThan(8 * MIB);
      await done('unload', name);
      await expect.poll(() => page.workers().length).toBeLessThan(busy);
      // Of what the process keeps: code of the engine that is compiled once, and pages that its allocator holds on to.
      await expect.poll(async () => (await resident()) - idle, { timeout: 15_000 }).toBeLessThan(taken / 2);
    });
  });

  it('refuses a model of MediaPipe that was cut, which the library would wait for without end', async () => {
    const cut = Math.floor(assets['base']!.sizeBytes * 0.8);
    expect(await code('loadCut', 'mediapipe', assets['base'], cut)).toBe('engine.wrong-format');
  });

  it('says that the graphics device was lost, and runs again', async () => {
    await done('have', 'mediapipe', assets['endless'], 2048);
    await done('say', 'mediapipe', { maxTokens: 6 });
    const answer = call<Said>('say', 'mediapipe', { maxTokens: 1900 });
    await (await browser.context.newCDPSession(page)).send('Browser.crashGpuProcess');
    expect(await answer).toMatchObject({ code: 'engine.device-lost' });
    await done('load', 'mediapipe', assets['base']);
    expect((await done<Said>('say', 'mediapipe')).text).toBe(' Hello from the tiny browser model.');
  });

  describe('with an adapter', () => {
    it('changes what is said by it, and not without it', async () => {
      const { base, lora } = assets;
      await done('have', 'mediapipe', base);
      await done('adapt', 'mediapipe', lora, base!.digest);
      const bonjour = ' Bonjour from the tiny browser model.';
      expect((await done<Said>('say', 'mediapipe', { adapter: lora!.digest })).text).toBe(bonjour);
      expect((await done<Said>('say', 'mediapipe')).text).toBe(' Hello from the tiny browser model.');
      expect((await done<Said>('say', 'mediapipe', { adapter: lora!.digest })).text).toBe(bonjour);
      await done('unadapt', 'mediapipe', lora!.digest);
      expect((await done<Said>('say', 'mediapipe')).text).toBe(' Hello from the tiny browser model.');
      expect(await code('say', 'mediapipe', { adapter: lora!.digest })).toBe('engine.not-loaded');
    });

    it('refuses one that was made for another base, before it is loaded', async () => {
      const { base, lora, endless } = assets;
      await done('have', 'mediapipe', base);
      expect(await code('adapt', 'mediapipe', lora, endless!.digest)).toBe('engine.adapter-wrong-base');
      expect((await done<Said>('say', 'mediapipe')).finish?.reason).toBe('stop');
    });

    it('refuses a model in the place of an adapter, and the other way round', async () => {
      const { base, lora } = assets;
      await done('have', 'mediapipe', base);
      expect(await code('adapt', 'mediapipe', base, base!.digest)).toBe('engine.adapter-invalid');
      expect((await done<Said>('say', 'mediapipe')).finish?.reason).toBe('stop');
      expect(await code('load', 'mediapipe', lora)).toBe('engine.wrong-format');
    });

    it('is refused by the engine that has none', async () => {
      await done('have', 'wllama', assets['gguf']);
      expect(await code('adapt', 'wllama', assets['lora'], assets['gguf']!.digest)).toBe(
        'engine.adapters-not-supported',
      );
    });
  });

  it('runs the model for browsers in a .litertlm package, with its adapters, and refuses a package without one', async () => {
    const bytes = tinyMediaPipeModel();
    const pack = (name: string, type: string) => lab.add(name, encodeLitertlm([{ type, bytes }]), 'mediapipe');
    const web = pack('web.litertlm', 'tf_lite_artisan_text_decoder');
    await done('load', 'mediapipe', web);
    await done('adapt', 'mediapipe', assets['lora'], web.digest);
    expect((await done<Said>('say', 'mediapipe')).text).toBe(' Hello from the tiny browser model.');
    const adapter = assets['lora']!.digest;
    expect((await done<Said>('say', 'mediapipe', { adapter })).text).toBe(' Bonjour from the tiny browser model.');
    const phone = pack('phone.litertlm', 'tf_lite_prefill_decode');
    expect(await code('load', 'mediapipe', phone)).toBe('engine.wrong-format');
  });

  describe('kept in this browser', () => {
    it('is fetched once, survives a reload and is deleted', async () => {
      const asset = lab.add('kept.bin', Buffer.alloc(300_000, 7), 'mediapipe');
      await done('fetch', asset);
      lab.ranges.length = 0;
      await page.reload();
      await page.waitForFunction(() => 'lab' in window);
      expect(await done('fetch', asset)).toBe(300_000);
      expect(lab.ranges).toEqual([]);
      await page.evaluate(
        (digest) =>
          (window as unknown as { lab: { files: { remove(d: string): Promise<void> } } }).lab.files.remove(digest),
        asset.digest,
      );
      await done('fetch', asset);
      expect(lab.ranges).toEqual(['all']);
    });

    it('goes on after a reload with what had come', async () => {
      const asset = lab.add('half.bin', Buffer.alloc(8_000_001, 9), 'mediapipe');
      void call('fetch', { ...asset, url: '/stalls/half.bin' }).catch(() => undefined);
      await page.waitForFunction(() => (window as unknown as { lab: { received: number } }).lab.received > 3_900_000);
      await page.reload();
      await page.waitForFunction(() => 'lab' in window);
      lab.ranges.length = 0;
      expect(await done('fetch', asset)).toBe(8_000_001);
      expect(lab.ranges[0]).toMatch(/^bytes=[1-9]\d{5,}-$/);
    });

    it('is whole after a connection that broke again and again', async () => {
      const asset = lab.add('broken.bin', Buffer.alloc(3_000_000, 5), 'mediapipe');
      lab.ranges.length = 0;
      expect(await done('fetch', { ...asset, url: '/breaks/broken.bin' })).toBe(3_000_000);
      expect(lab.ranges.length).toBeGreaterThan(1);
    });

    it('is refused and thrown away when a byte is wrong', async () => {
      const asset = lab.add('wrong.bin', Buffer.alloc(100_000, 1), 'mediapipe');
      expect(await code('fetch', { ...asset, digest: 'a'.repeat(64) })).toBe('files.wrong-digest');
      expect(await code('fetch', { ...asset, sizeBytes: 99_999, digest: 'b'.repeat(64) })).toBe('files.wrong-size');
      const kept = await page.evaluate(() =>
        (window as unknown as { lab: { files: { list(): Promise<{ digest: string }[]> } } }).lab.files.list(),
      );
      expect(kept.map(({ digest }) => digest)).not.toContain('a'.repeat(64));
    });

    it('says that the storage is full, keeps what came and goes on when there is room', async () => {
      const session = await browser.context.newCDPSession(page);
      const used = await page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
      await session.send('Storage.overrideQuotaForOrigin', { origin: url, quotaSize: used + 1_000_000 });
      const asset = lab.add('large.bin', Buffer.alloc(4_000_000, 3), 'mediapipe');
      expect(await call('fetch', asset)).toMatchObject({ code: 'files.quota-full' });
      await session.send('Storage.overrideQuotaForOrigin', { origin: url });
      expect(await done('fetch', asset)).toBe(4_000_000);
    });
  });

  it('says that there is no WebGPU, where GGUF still runs', async () => {
    const plain = await openBrowser();
    const before = page;
    try {
      page = await plain.context.newPage();
      await page.goto(url);
      await page.waitForFunction(() => 'lab' in window);
      expect(await code('load', 'mediapipe', assets['base'])).toBe('engine.no-webgpu');
      await done('load', 'wllama', assets['gguf']);
      expect((await done<Said>('say', 'wllama')).text.trim()).toBe('Hello from the GGUF.');
    } finally {
      page = before;
      await plain.close();
    }
  });

  it('asked nobody but this server', () => {
    expect(requests.filter((address) => !address.startsWith(url) && !/^(?:blob|data):/.test(address))).toEqual([]);
    expect(requests.some((address) => address.endsWith('.wasm'))).toBe(true);
  });
});
