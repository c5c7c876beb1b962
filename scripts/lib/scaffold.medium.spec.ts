import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newFeature, newModule } from './scaffold.mjs';

const repository = join(import.meta.dirname, '../..');

describe('npm run new', () => {
  let root = '';
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const node = (...args: string[]) =>
    spawnSync(process.execPath, args, {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, VITEST: '', NO_COLOR: '1' },
    });

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'parley-new-'));
    const parts = [
      'src',
      'libs',
      'migrations',
      'tsconfig.json',
      'tsconfig.build.json',
      'vitest.config.ts',
      'package.json',
    ];
    for (const part of parts) cpSync(join(repository, part), join(root, part), { recursive: true });
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it(
    'makes a module, and of every kind of use case one that compiles and whose spec passes',
    { timeout: 120_000 },
    () => {
      newModule(root, 'billing');
      const written = [
        ...newFeature(root, 'billing', 'settle-invoice'),
        ...newFeature(root, 'billing', 'list-invoices'),
        ...newFeature(root, 'billing', 'get-invoice'),
        ...newFeature(root, 'billing', 'stream-invoices'),
        ...newFeature(root, 'billing', 'greet-on-message-sent'),
        ...newFeature(root, 'chat', 'archive-conversation'),
      ];
      expect(read('src/billing/billing.module.ts')).toContain('GreetOnMessageSentHandler');
      expect(read('src/app.module.ts')).toContain('BillingHttpModule');
      expect(read('src/billing/contracts/queries.ts')).toContain("'billing.list-invoices.v1'");

      const types = node(join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.build.json');
      expect(types.stdout).toBe('');
      const specs = written.filter((path) => path.endsWith('.spec.ts'));
      const run = node(join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'unit', ...specs);
      expect(run.stdout + run.stderr).toMatch(/Tests +6 passed/);
    },
  );

  it('refuses what is there, what has no module and what is no name', () => {
    expect(() => newFeature(root, 'chat', 'send-message')).toThrow('there already');
    expect(() => newFeature(root, 'nowhere', 'send-message')).toThrow('there is no module nowhere');
    expect(() => newFeature(root, 'chat', '../../etc')).toThrow('not verb-noun');
    expect(() => newFeature(root, 'chat', 'greet-on-world-ended')).toThrow('no module publishes WorldEnded');
    expect(() => newModule(root, 'chat')).toThrow('there already');
    expect(() => newModule(root, '../x')).toThrow('not a name');
  });
});
