import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { importsOf, ruleNames, violationsOf } from './cruise.js';

describe('the tree', () => {
  it('keeps every boundary of .dependency-cruiser.mjs', { timeout: 60_000 }, async () => {
    const result = await importsOf(['src', 'libs', 'apps', 'migrations', 'test']);
    expect(result.summary.totalCruised).toBeGreaterThan(200);
    expect(violationsOf(result)).toEqual([]);
  });
});

/** A small tree that breaks nothing. */
const sound = {
  'tsconfig.json': `{
    "compilerOptions": { "module": "nodenext", "moduleResolution": "nodenext",
      "paths": { "@app/kernel": ["./libs/kernel/src/index.ts"], "@app/messaging": ["./libs/messaging/src/index.ts"] } }
  }`,
  'package.json': '{ "type": "module" }',
  'node_modules/zod/package.json': '{ "name": "zod", "type": "module", "exports": "./index.js" }',
  'node_modules/zod/index.js': 'export const z = 1;',
  'node_modules/typeorm/package.json': '{ "name": "typeorm", "type": "module", "exports": "./index.js" }',
  'node_modules/typeorm/index.js': 'export const typeorm = 1;',
  'libs/kernel/src/index.ts': "export * from './ids.js';",
  'libs/kernel/src/ids.ts': "import { randomUUID } from 'node:crypto'; export const newId = randomUUID;",
  'libs/messaging/src/index.ts': "import { newId } from '@app/kernel'; export const bus = newId;",
  'src/a/contracts/index.ts': "export * from './commands.js';",
  'src/a/contracts/commands.ts':
    "import { bus } from '@app/messaging'; import { z } from 'zod'; export const go = [bus, z];",
  'src/a/domain/thing.ts': "import { newId } from '@app/kernel'; export const a = newId;",
  'src/a/persistence/things.ts':
    "import { typeorm } from 'typeorm'; import { a } from '../domain/thing.js'; export const things = [a, typeorm];",
  'src/a/features/go.handler.ts': "import { things } from '../persistence/things.js'; export const handler = things;",
  'src/a/http/a.controller.ts':
    "import { go } from '../contracts/index.js'; import { shape } from './shapes.js'; export const c = [go, shape];",
  'src/a/http/shapes.ts': 'export const shape = 1;',
  'src/a/a.module.ts': "import { handler } from './features/go.handler.js'; export const module = handler;",
  'src/b/features/ask.handler.ts': "import { go } from '../../a/contracts/index.js'; export const ask = go;",
  'src/app.module.ts': "import { module } from './a/a.module.js'; export const modules = [module];",
  'apps/a/main.ts': "import { module } from '../../src/a/a.module.js'; export const run = module;",
  'apps/gateway/main.ts': "import { modules } from '../../src/app.module.js'; export const run = modules;",
};

describe('each rule', () => {
  let folder = '';
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function violationsIn(changed: Record<string, string>): Promise<string[]> {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'parley-boundaries-')));
    for (const [path, text] of Object.entries({ ...sound, ...changed })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return violationsOf(await importsOf(['src', 'libs', 'apps'], folder));
  }

  it('accepts a sound tree', async () => {
    expect(await violationsIn({})).toEqual([]);
  });

  const uses = (path: string) => `import * as it from '${path}'; export const used = it;`;
  const breaches: [rule: string, file: string, imports: string, to: string][] = [
    ['modules-meet-at-contracts', 'src/b/features/peek.handler.ts', '../../a/domain/thing.js', 'src/a/domain/thing.ts'],
    [
      'modules-meet-at-contracts',
      'src/b/persistence/rows.ts',
      '../../a/persistence/things.js',
      'src/a/persistence/things.ts',
    ],
    ['modules-meet-at-contracts', 'src/b/features/all.handler.ts', '../../app.module.js', 'src/app.module.ts'],
    ['contracts-are-leaves', 'src/a/contracts/views.ts', '../domain/thing.js', 'src/a/domain/thing.ts'],
    ['contracts-are-leaves', 'src/a/contracts/views.ts', 'typeorm', 'node_modules/typeorm/index.js'],
    ['contracts-are-leaves', 'src/a/contracts/views.ts', 'node:fs', 'fs'],
    ['domain-is-pure', 'src/a/domain/rows.ts', '../persistence/things.js', 'src/a/persistence/things.ts'],
    ['domain-is-pure', 'src/a/domain/rows.ts', 'typeorm', 'node_modules/typeorm/index.js'],
    ['domain-is-pure', 'src/a/domain/rows.ts', '@app/messaging', 'libs/messaging/src/index.ts'],
    [
      'http-sends-messages-only',
      'src/a/http/b.controller.ts',
      '../features/go.handler.js',
      'src/a/features/go.handler.ts',
    ],
    [
      'http-sends-messages-only',
      'src/a/http/b.controller.ts',
      '../persistence/things.js',
      'src/a/persistence/things.ts',
    ],
    ['libs-know-no-module', 'libs/kernel/src/peek.ts', '../../../src/a/contracts/index.js', 'src/a/contracts/index.ts'],
    ['libs-know-no-module', 'libs/kernel/src/peek.ts', '../../../apps/a/main.js', 'apps/a/main.ts'],
    ['libs-by-front-door', 'src/a/features/id.handler.ts', '../../../libs/kernel/src/ids.js', 'libs/kernel/src/ids.ts'],
    ['libs-by-front-door', 'libs/messaging/src/id.ts', '../../kernel/src/ids.js', 'libs/kernel/src/ids.ts'],
    ['apps-compose-modules', 'apps/b/main.ts', '../../src/a/features/go.handler.js', 'src/a/features/go.handler.ts'],
  ];
  it.each(breaches)('%s catches %s that imports %s', async (rule, file, imports, to) => {
    expect(await violationsIn({ [file]: uses(imports) })).toEqual([`${rule}: ${file} → ${to}`]);
  });

  it('modules-meet-at-contracts lets a medium spec put two modules together, and no more', async () => {
    const found = await violationsIn({
      'src/b/ask.medium.spec.ts': uses('../a/a.module.js'),
      'src/b/peek.medium.spec.ts': uses('../a/domain/thing.js'),
    });
    expect(found).toEqual(['modules-meet-at-contracts: src/b/peek.medium.spec.ts → src/a/domain/thing.ts']);
  });

  it('no-cycles catches files that import each other, types included', async () => {
    const found = await violationsIn({
      'src/b/domain/one.ts': "import type { Two } from './two.js'; export interface One { two: Two }",
      'src/b/domain/two.ts': "import type { One } from './one.js'; export interface Two { one: One }",
    });
    expect(found.every((line) => line.startsWith('no-cycles: src/b/domain/'))).toBe(true);
    expect(found).not.toEqual([]);
  });

  it('is broken by one of the trees above', () => {
    const broken = new Set(['no-cycles', ...breaches.map(([rule]) => rule)]);
    expect([...broken].toSorted()).toEqual(ruleNames.toSorted());
  });
});
