import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeLitertlm } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserArguments, chromiumPath, gpuArguments, openBrowser, type OpenBrowser } from '../support/browser.js';
import { split } from '../support/topology.js';
import { tinyMediaPipeAdapter } from '../support/tiny-lora.js';
import { tinyMediaPipeModel } from '../support/tiny-mediapipe.js';

const tasks = dirname(fileURLToPath(import.meta.resolve('@mediapipe/tasks-genai')));
const types: Record<string, string> = {
  '.mjs': 'text/javascript',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};
const files = new Map<string, Buffer>();
const page =
  '<!doctype html><link rel="icon" href="data:,"><script type="module">import * as tasks from "/genai_bundle.mjs"; globalThis.tasks = tasks;</script>';
const server = createServer((request, response) => {
  const path = (request.url ?? '/').slice(1);
  const bytes = path === '' ? Buffer.from(page) : files.get(path);
  const type = types[extname(path)] ?? (path === '' ? 'text/html' : 'application/octet-stream');
  if (bytes) return response.writeHead(200, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
  const file = join(tasks, path);
  const size = path.includes('..') ? undefined : statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': type, 'content-length': size });
  return createReadStream(file).pipe(response);
});

// No server of ours is there, so one topology is enough.
describe.skipIf(!chromiumPath || split)('a converted adapter in MediaPipe, in a browser', () => {
  let browser: OpenBrowser;
  let url: string;

  beforeAll(async () => {
    const base = tinyMediaPipeModel();
    files.set('base.bin', base);
    files.set('base.litertlm', encodeLitertlm([{ type: 'tf_lite_artisan_text_decoder', bytes: base }]));
    files.set('lora.bin', await tinyMediaPipeAdapter(base));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://localhost:${(server.address() as AddressInfo).port}`;
    browser = await openBrowser({
      args: [...browserArguments, ...gpuArguments],
    });
  });
  afterAll(async () => {
    await browser?.close();
    server.close();
  });

  it.each(['base.bin', 'base.litertlm'])(
    'changes what %s says, and what it says without stays as it was',
    async (name) => {
      const tab = await browser.context.newPage();
      const requests: string[] = [];
      tab.on('request', (request) => requests.push(request.url()));
      // The library answers some failures with silence: they are seen here alone.
      const failed = new Promise<never>((_, reject) => tab.once('pageerror', reject));
      failed.catch(() => undefined);
      await tab.goto(url);
      const asked = tab.evaluate(async (file) => {
        interface Inference {
          generateResponse(prompt: string, lora?: unknown): Promise<string>;
          loadLoraModel(url: string): Promise<unknown>;
          close(): void;
        }
        interface Tasks {
          FilesetResolver: { forGenAiTasks(path: string): Promise<unknown> };
          LlmInference: { createFromOptions(files: unknown, options: object): Promise<Inference> };
        }
        const { FilesetResolver, LlmInference } = (globalThis as unknown as { tasks: Tasks }).tasks;
        const inference = await LlmInference.createFromOptions(await FilesetResolver.forGenAiTasks('/wasm'), {
          // In one piece: of a stream in two or three the library loses the rest, and waits for it without end.
          baseOptions: { modelAssetBuffer: new Uint8Array(await (await fetch(`/${file}`)).arrayBuffer()) },
          maxTokens: 64,
          topK: 1,
          loraRanks: [4],
        });
        const before = await inference.generateResponse('hi');
        const lora = await inference.loadLoraModel('/lora.bin');
        const withLora = await inference.generateResponse('hi', lora);
        const after = await inference.generateResponse('hi');
        inference.close();
        return { before, withLora, after };
      }, name);
      const said = await Promise.race([asked, failed]);
      await tab.close();
      const base = ' Hello from the tiny browser model.';
      expect(said).toEqual({ before: base, withLora: ' Bonjour from the tiny browser model.', after: base });
      expect(requests.filter((request) => !request.startsWith(url) && !/^(?:blob|data):/.test(request))).toEqual([]);
    },
  );
});
