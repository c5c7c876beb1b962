import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const root = import.meta.dirname;
const alias = Object.fromEntries(
  readdirSync(`${root}/libs`).map((lib) => [`@app/${lib}`, `${root}/libs/${lib}/src/index.ts`]),
);

/** A suite by file name: `*.spec.ts` does no I/O, `*.medium.spec.ts` has a real database or child process. */
const project = (
  name: string,
  include: string[],
  exclude: string[],
  testTimeout: number,
  more: TestProjectInlineConfiguration['test'] = {},
) => ({
  resolve: { alias },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    name,
    include,
    exclude: ['**/node_modules/**', '**/dist/**', ...exclude],
    testTimeout,
    hookTimeout: 120_000,
    // Whatever a page, a process or a reaction comes to in its own time may be late on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    setupFiles: ['reflect-metadata'],
    // Vitest leaves a core free; of two that would be half, and much of the suites is waiting for a database or a process.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    ...more,
  },
});

// Nothing in them depends on the topology, or they start processes of their own.
const split = process.env['TOPOLOGY'] === 'split';
const inSplit = split
  ? ['**/mediapipe-lora.e2e.spec.ts', '**/engines.e2e.spec.ts', '**/shared-redis.e2e.spec.ts', '**/image.e2e.spec.ts']
  : [];
/**
 * These run by themselves, the rest two at a time: a model in a browser takes every core for its shaders, and ending a
 * process under load measures what the others leave of the machine.
 */
const alone = [
  'browser-only',
  'delivery',
  'engines',
  'mediapipe-lora',
  'offline-mediapipe',
  'shutdown',
  'three-engines',
].map((name) => `test/e2e/${name}.e2e.spec.ts`);
const here = '{src,libs,apps,migrations,scripts}/**/';
export default defineConfig({
  test: {
    projects: [
      project(
        'unit',
        [`${here}*.spec.{ts,tsx}`, 'test/{architecture,snapshots,deploy}/*.spec.ts'],
        ['**/*.medium.spec.ts'],
        10_000,
      ),
      project('medium', [`${here}*.medium.spec.ts`, 'test/deploy/*.medium.spec.ts'], [], 60_000),
      project('e2e', ['test/e2e/**/*.e2e.spec.ts'], [...inSplit, ...alone], 120_000, {
        maxWorkers: 2,
        sequence: { groupOrder: 1 },
      }),
      project('e2e-alone', alone, inSplit, 120_000, { fileParallelism: false }),
      project('chaos', [`test/chaos/${split ? 'split' : 'kill'}.chaos.spec.ts`], [], 1_800_000, {
        fileParallelism: false,
      }),
    ],
  },
});
