import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installedPackages, neededOf } from './needed.mjs';

let root: string;
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const install = (name: string, about: object = {}) =>
  put(`node_modules/${name}/package.json`, JSON.stringify({ name, ...about }));

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'parley-needed-'));
  put('dist/src/main.js', `import './run.js'; // import 'only-in-a-comment'`);
  put('dist/src/run.js', `const text = "from 'only-in-a-text'"; export { text } from '../libs/load.js';`);
  put('dist/libs/load.js', `import fs from 'node:fs'; new URL('../chunks/src/main.cjs', import.meta.url);`);
  put('dist/chunks/src/main.cjs', `const all = require('../all.cjs'); exports.late = () => importOutside(\`late\`);`);
  put('dist/chunks/all.cjs', `const load = () => importOutside('@native/code/file.js'); __require('tried');`);
  put('dist/apps/chat/main.js', `import '../../libs/load.js';`);
  put('dist/migrations/chat/1-create.js', `export class Create1 {}`);
  put('dist/src/inference/engines/llama-cpp/child.js', `const { serve } = await import('./child/server.js');`);
  put('dist/src/inference/engines/llama-cpp/child/server.js', `import { llama } from 'engine';`);
  put('dist/src/chat/in-the-bundle.js', `import 'bundled';`);
  install('@native/code', { dependencies: { inner: '1' }, optionalDependencies: { elsewhere: '1', here: '1' } });
  install('inner', {
    peerDependencies: { peer: '1', spare: '1' },
    peerDependenciesMeta: { spare: { optional: true } },
  });
  install('inner/node_modules/deep', { dependencies: { wanted: '1' } });
  install('elsewhere', { os: ['plan9'] });
  install('here', { os: [process.platform], cpu: [process.arch] });
  for (const name of ['peer', 'spare', 'wanted', 'engine', 'late', 'pino-pretty', 'swagger-ui-dist', 'bundled'])
    install(name);
  for (const name of ['only-in-a-comment', 'only-in-a-text']) install(name);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('follows what is started and loaded by its path, and leaves out what the bundle holds', () => {
  const { files } = neededOf(root);
  expect([...files].toSorted()).toEqual([
    'dist/apps/chat/main.js',
    'dist/chunks/all.cjs',
    'dist/chunks/src/main.cjs',
    'dist/libs/load.js',
    'dist/migrations/chat/1-create.js',
    'dist/src/inference/engines/llama-cpp/child.js',
    'dist/src/inference/engines/llama-cpp/child/server.js',
    'dist/src/main.js',
    'dist/src/run.js',
  ]);
});

it('keeps the packages outside the bundle with all that they depend on here, and no other', () => {
  const { packages } = neededOf(root);
  const kept = ['@native/code', 'engine', 'here', 'inner', 'late', 'peer', 'pino-pretty', 'swagger-ui-dist', 'wanted'];
  expect([...packages].toSorted()).toEqual(kept);
  expect(installedPackages(join(root, 'node_modules'))).toEqual(expect.arrayContaining([...kept, 'bundled', 'spare']));
});
