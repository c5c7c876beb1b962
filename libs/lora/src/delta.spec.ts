import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGgufAdapter } from './gguf-adapter.js';
import { readGgufBase } from './gguf-base.js';
import {
  attentionNames,
  Bytes,
  collect,
  configOf,
  deltaOf,
  ggufBase,
  ggufNames,
  madeUpdate,
  mediaPipeBase,
  peftNames,
  product,
  safetensorsOf,
  shapesOf,
  type MadeUpdate,
  type Sizes,
} from './lora.fixture.js';
import { layerModules, type LayerModule } from './low-rank.js';
import { readMediaPipeAdapter } from './mediapipe-adapter.js';
import { readMediaPipeBase } from './mediapipe-base.js';
import { readPeftAdapter } from './peft-adapter.js';
import { toGguf } from './to-gguf.js';
import { toMediaPipe } from './to-mediapipe.js';

const attention: LayerModule[] = ['q', 'k', 'v', 'o'];

/** A model and an adapter for it, with what each of its matrices must add. */
const cases = (modules: readonly LayerModule[]) =>
  fc
    .record({
      layers: fc.integer({ min: 1, max: 4 }),
      keyValueHeads: fc.constantFrom(1, 2),
      groups: fc.constantFrom(1, 2, 3),
      headWidth: fc.constantFrom(4, 8, 12),
      width: fc.constantFrom(8, 12, 32),
      hidden: fc.constantFrom(12, 40),
      rank: fc.integer({ min: 1, max: 9 }),
      otherRank: fc.integer({ min: 1, max: 12 }),
      alpha: fc.double({ min: 0.01, max: 512, noNaN: true }),
      otherAlpha: fc.double({ min: 0.01, max: 512, noNaN: true }),
      rslora: fc.boolean(),
      dtype: fc.constantFrom('F32' as const, 'F16' as const, 'BF16' as const),
      targets: fc.subarray([...modules], { minLength: 1 }),
      otherLayer: fc.integer({ min: 0, max: 5 }),
      size: fc.constantFrom(2 ** -12, 2 ** -4, 1),
    })
    .map(({ keyValueHeads, groups, ...made }) => {
      const of: Sizes = { ...made, keyValueHeads, heads: keyValueHeads * groups };
      const other = made.targets[0]!;
      const isOther = (layer: number, module: LayerModule) => layer === made.otherLayer && module === other;
      const otherPath = `layers.${made.otherLayer}.${peftNames[other]}`;
      const updates = Array.from({ length: of.layers }, (_, layer) =>
        made.targets.map((module) => {
          const rank = isOther(layer, module) ? made.otherRank : made.rank;
          const update = madeUpdate(layer, module, { rank, dtype: made.dtype }, of);
          return { ...update, b: update.b.map((value) => value * made.size) };
        }),
      ).flat();
      const scaleOf = ({ layer, module, rank }: MadeUpdate) =>
        (isOther(layer, module) ? made.otherAlpha : made.alpha) / (made.rslora ? Math.sqrt(rank) : rank);
      const config = configOf({
        r: made.rank,
        lora_alpha: made.alpha,
        use_rslora: made.rslora,
        rank_pattern: { [otherPath]: made.otherRank },
        alpha_pattern: { [otherPath]: made.otherAlpha },
        target_modules: made.targets.map((module) => peftNames[module].split('.')[1]),
      });
      return { of, updates, scaleOf, config };
    });

type Case = typeof cases extends (modules: readonly LayerModule[]) => fc.Arbitrary<infer T> ? T : never;

const sourceDelta = ({ of, scaleOf }: Case, update: MadeUpdate) =>
  product(update, ...shapesOf(of)[update.module], scaleOf(update));

/** Largest difference, as a part of the largest number that is expected. */
function distance(actual: Float64Array, expected: Float64Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return actual.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at]!)), 0) / (largest || 1);
}

/** The rows of a matrix of heads as llama.cpp orders them: 0, half, 1, half + 1, … */
function inPairs(delta: Float64Array, columns: number, headWidth: number): Float64Array {
  const rows = delta.length / columns;
  const order = Array.from({ length: rows / headWidth }, (_, head) =>
    Array.from({ length: headWidth / 2 }, (_, at) => [head * headWidth + at, head * headWidth + headWidth / 2 + at]),
  ).flat(2);
  return Float64Array.from(order.flatMap((row) => [...delta.subarray(row * columns, (row + 1) * columns)]));
}

describe('the change of the weights', () => {
  it('is the same in GGUF as in the source, matrix by matrix', async () => {
    await fc.assert(
      fc.asyncProperty(
        cases(layerModules),
        fc.constantFrom('llama', 'gemma', 'gemma2', 'gemma3', 'qwen2', 'qwen3'),
        fc.constantFrom('F32' as const, 'F16' as const),
        async (made, architecture, type) => {
          const { of, updates, config } = made;
          const base = await readGgufBase(new Bytes(ggufBase(architecture, of)));
          const adapter = await readPeftAdapter(config, new Bytes(safetensorsOf(updates, of)));
          const file = await readGgufAdapter(new Bytes(await collect(toGguf(adapter, base, type))));

          expect(file.architecture).toBe(architecture);
          expect(file.updates.size).toBe(updates.length);
          for (const update of updates) {
            const delta = sourceDelta(made, update);
            const paired = architecture === 'llama' && (update.module === 'q' || update.module === 'k');
            const expected = paired ? inPairs(delta, shapesOf(of)[update.module][1], of.headWidth) : delta;
            const actual = await deltaOf(file.updates.get(`blk.${update.layer}.${ggufNames[update.module]}.weight`));
            expect(distance(actual!, expected)).toBeLessThan(type === 'F32' ? 1e-6 : 2e-3);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("is the same in MediaPipe's file as in the source, and zero where the source changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(cases(attention), async (made) => {
        const { of, updates, config } = made;
        const base = await readMediaPipeBase(new Bytes(mediaPipeBase(of)));
        const adapter = await readPeftAdapter(config, new Bytes(safetensorsOf(updates, of)));
        const bytes = await collect(toMediaPipe(adapter, base));
        const file = await readMediaPipeAdapter(new Bytes(bytes));

        expect(bytes.length).toBeGreaterThanOrEqual(2 ** 20);
        expect(file.rank % 4).toBe(0);
        expect(file.updates.size).toBe(of.layers * 4);
        for (let layer = 0; layer < of.layers; layer++)
          for (const module of ['q', 'k', 'v', 'o'] as const) {
            const name = `params.lm.transformer.x_layers_${layer}.self_attention.${attentionNames[module]}`;
            const actual = await deltaOf(file.updates.get(name));
            const update = updates.find((made) => made.layer === layer && made.module === module);
            if (update) expect(distance(actual!, sourceDelta(made, update))).toBeLessThan(2e-3);
            else expect(actual!.every((value) => value === 0)).toBe(true);
          }
      }),
      { numRuns: 60 },
    );
  });
});
