import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from './index.js';

@Module({})
class EmptyModule {}

const HTML = { accept: 'text/html,application/xhtml+xml' };
let folder: string;
let app: NestFastifyApplication;
const get = (path: string, headers: Record<string, string> = HTML) => app.inject({ url: path, headers });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-web-'));
  const files = { 'index.html': '<p>page</p>', 'assets/app-1a2b.js': 'let a = 1', '.env': 'SECRET=1' };
  await mkdir(join(folder, 'assets'));
  await writeFile(join(tmpdir(), 'parley-outside.txt'), 'outside');
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text);
    await writeFile(join(folder, `${name}.br`), brotliCompressSync(text));
  }
  app = await createApp(EmptyModule, { logger: false, webClient: folder });
  await app.init();
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
  await rm(join(tmpdir(), 'parley-outside.txt'));
});

describe('the web client', () => {
  it('is served at the root and for its own addresses, never from a cache without asking', async () => {
    for (const path of ['/', '/c/0199', '/models?x=1', '/explore/qwen3-0.6b', '/explore/hf%3Aa%2Fb%2Fc.gguf']) {
      const response = await get(path);
      expect([response.statusCode, response.body]).toEqual([200, '<p>page</p>']);
      expect(response.headers['cache-control']).toBe('no-cache');
      expect(response.headers['content-type']).toContain('text/html');
      expect(response.headers['content-security-policy']).toContain("default-src 'self'");
    }
  });

  it('has assets that are compressed beforehand and kept for a year', async () => {
    const response = await get('/assets/app-1a2b.js', { 'accept-encoding': 'gzip, br' });
    expect(response.headers).toMatchObject({
      'content-encoding': 'br',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': expect.stringContaining('javascript') as string,
    });
    expect(brotliDecompressSync(response.rawPayload).toString()).toBe('let a = 1');
    const page = await get('/', { ...HTML, 'accept-encoding': 'br' });
    expect(page.headers['content-encoding']).toBe('br');
  });

  it('never hides an error of the API or a missing file', async () => {
    for (const path of ['/api/nothing', '/v1/nothing', '/docs/nothing', '/assets/gone.js', '/gone.png', '/api']) {
      const { statusCode, headers } = await get(path);
      expect([path, statusCode, headers['content-type']]).toEqual([
        path,
        404,
        expect.stringContaining('json') as string,
      ]);
    }
    expect((await get('/c/0199', { accept: 'application/json' })).statusCode).toBe(404);
    expect((await app.inject({ method: 'POST', url: '/c/0199', headers: HTML })).statusCode).toBe(404);
  });

  it('serves nothing outside its folder and no hidden file', async () => {
    for (const path of ['/../parley-outside.txt', '/..%2fparley-outside.txt', '/assets/..%5c..%5cx.txt', '/.env']) {
      const response = await get(path, { accept: '*/*' });
      expect([path, response.statusCode >= 400]).toEqual([path, true]);
      expect(response.body).not.toMatch(/outside|SECRET/);
    }
  });
});

describe('a server without the web client', () => {
  it('says how to build it', async () => {
    const bare = await createApp(EmptyModule, { logger: false, webClient: join(folder, 'nothing') });
    await bare.init();
    const response = await bare.inject({ url: '/', headers: HTML });
    expect(response.statusCode).toBe(404);
    expect(response.body).toContain('npm run build');
    await bare.close();
  });
});
