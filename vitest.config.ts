import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;
const alias = Object.fromEntries(
  readdirSync(`${root}/libs`).map((lib) => [`@app/${lib}`, `${root}/libs/${lib}/src/index.ts`]),
);

/** A suite by file name: `*.spec.ts` does no I/O, `*.medium.spec.ts` has a real database or child process. */
const project = (name: string, include: string[], exclude: string[], testTimeout: number) => ({
  resolve: { alias },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    name,
    include,
    exclude: ['**/node_modules/**', '**/dist/**', ...exclude],
    testTimeout,
    hookTimeout: 60_000,
    setupFiles: ['reflect-metadata'],
  },
});

// Nothing in them depends on the topology, or they start processes of their own.
const split = process.env['TOPOLOGY'] === 'split';
const inSplit = split ? ['**/mediapipe-lora.e2e.spec.ts', '**/engines.e2e.spec.ts', '**/shared-redis.e2e.spec.ts'] : [];

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
      project('e2e', ['test/e2e/**/*.e2e.spec.ts'], inSplit, 120_000),
      project('chaos', [`test/chaos/${split ? 'split' : 'kill'}.chaos.spec.ts`], [], 1_800_000),
    ],
  },
});
