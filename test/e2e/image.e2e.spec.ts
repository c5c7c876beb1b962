import { spawn } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { admin, apiKey, nodeBinary } from '../support/parley.js';

const root = join(import.meta.dirname, '../..');
let image: string;
beforeAll(async () => {
  const { neededOf } = (await import(join(root, 'scripts/lib/needed.mjs'))) as {
    neededOf(root: string): Record<'files' | 'packages', Set<string>>;
  };
  image = mkdtempSync(join(tmpdir(), 'parley-image-'));
  const { files, packages } = neededOf(root);
  for (const file of ['package.json', ...files]) cpSync(join(root, file), join(image, file));
  for (const name of packages) {
    mkdirSync(dirname(join(image, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(image, 'node_modules', name));
  }
});
afterAll(() => rmSync(image, { recursive: true, force: true }));

describe('what the image keeps of the build and of the packages', () => {
  it('is all of the bundle', () => {
    const chunks = (folder: string) => globSync('dist/chunks/**/*.{js,cjs}', { cwd: folder }).toSorted();
    expect(chunks(image)).toEqual(chunks(root));
  });

  it('starts, makes its database and lets the administrator in', async () => {
    // Packages are found where they are linked and not where they lie, so that one that was left out is missing.
    const flags = ['--preserve-symlinks', '--preserve-symlinks-main', 'dist/src/main.js'];
    const env = {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      LOG_FORMAT: 'json',
      PORT: '0',
      DATA_DIR: join(image, 'data'),
      AUTH_ADMIN_EMAIL: admin.email,
      AUTH_ADMIN_PASSWORD: admin.password,
      AUTH_API_KEY: apiKey,
      EXPLORE_AUTO_INSTALL: 'false',
    };
    const server = spawn(nodeBinary, flags, { cwd: image, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => server.once('exit', (code, signal) => resolve({ code, signal })));
    try {
      let url = '';
      for await (const line of createInterface({ input: server.stdout })) {
        url = (JSON.parse(line) as { url?: string }).url ?? '';
        if (url !== '') break;
      }
      server.stdout.resume();
      expect(url).not.toBe('');
      const response = await fetch(`${url}/api/auth/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: admin.email, password: admin.password }),
      });
      expect(response.status).toBe(200);
      await new Client(url, apiKey).start({ title: 'In the image' });
    } finally {
      server.kill('SIGTERM');
    }
    expect(await ended).toEqual({ code: 0, signal: null });
  });
});
