import { blockSize, toBlocks } from './blocks.js';
import { encodeFloats, floatBytes } from './floats.js';
import { balanced, type Factors } from './low-rank.js';
import {
  attentionModules,
  attentionShape,
  entryNames,
  tensorPrefix,
  type AttentionModule,
  type MediaPipeBase,
} from './mediapipe-base.js';
import type { PeftAdapter, PeftUpdate } from './peft-adapter.js';
import { problem, wrongBase } from './problem.js';
import { encodeTfl3Head, paddingAfter } from './tfl3-writer.js';

/**
 * The adapter as a LoRA file for MediaPipe in the browser, piece by piece; one pair of matrices is in memory at a time.
 * The engine wants all four attention matrices of every layer at one rank: what the adapter leaves alone becomes zeros,
 * and a smaller rank is filled up with zeros.
 *
 * @throws DomainError `explore.adapter-browser-modules` (feed-forward layers), `-base-unsupported`, `-wrong-base` before
 *   the first piece; `-not-finite`, `-out-of-range` and `-truncated` in the middle: what was written by then is no adapter
 */
export async function* toMediaPipe(adapter: PeftAdapter, base: MediaPipeBase): AsyncGenerator<Uint8Array> {
  const updates = new Map<string, PeftUpdate>();
  for (const update of adapter.updates) updates.set(checkUpdate(update, base), update);
  const rank = Math.ceil(Math.max(...adapter.updates.map((update) => update.rank)) / blockSize) * blockSize;

  const slots = Array.from({ length: base.layers }, (_, layer) =>
    attentionModules.map((module) => ({
      prefix: tensorPrefix(layer, module),
      module,
      ...attentionShape(base, module),
    })),
  ).flat();
  if (slots.some(({ rows, columns }) => rows % blockSize || columns % blockSize))
    throw problem('base-unsupported', 'The matrices of the base do not divide into blocks of four.');
  const tensors = slots.flatMap(({ prefix, module, rows, columns }) =>
    sides(module, [rank, columns], [rows, rank]).map((shape, side) => ({
      name: `${prefix}.${sideNames[side]}`,
      shape,
      type: 'F16' as const,
      bytes: shape[0]! * shape[1]! * floatBytes.F16,
    })),
  );
  yield encodeTfl3Head(tensors, [
    { name: entryNames.parameters, value: base.parameters },
    { name: entryNames.modelType, value: base.modelType },
    { name: entryNames.backend, value: Buffer.from('gpu') },
    { name: entryNames.rank, value: rank },
  ]);
  for (const { prefix, module, rows, columns } of slots) {
    const update = updates.get(prefix);
    const { a, b } = update
      ? widened(balanced(await update.read(), update.scale), update, rank)
      : { a: new Float32Array(rank * columns), b: new Float32Array(rows * rank) };
    for (const blocks of sides(module, toBlocks(a, rank, columns), toBlocks(b, rows, rank))) {
      const bytes = encodeFloats(blocks, 'F16');
      yield bytes;
      yield paddingAfter(bytes.length);
    }
  }
}

export const sideNames = ['w_prime_left', 'w_prime_right'] as const;

/** A is on the left and B on the right, but of the output matrix the other way round. */
export const sides = <T>(module: AttentionModule, a: T, b: T): [T, T] => (module === 'o' ? [b, a] : [a, b]);

/** Answers the name of the matrix in the base. */
function checkUpdate({ layer, module, rows, columns }: PeftUpdate, base: MediaPipeBase): string {
  const attentionModule = attentionModules.find((name) => name === module);
  if (!attentionModule)
    throw problem('browser-modules', 'The browser engine takes adapters of attention matrices only.', {
      module,
      layer,
    });
  const name = tensorPrefix(layer, attentionModule);
  const shape = layer < base.layers ? attentionShape(base, attentionModule) : undefined;
  if (shape?.rows !== rows || shape.columns !== columns) throw wrongBase(name, shape, { rows, columns });
  return name;
}

function widened({ a, b }: Factors, update: PeftUpdate, rank: number): Factors {
  if (update.rank === rank) return { a, b };
  const wideA = new Float32Array(rank * update.columns);
  wideA.set(a);
  const wideB = new Float32Array(update.rows * rank);
  for (let row = 0; row < update.rows; row++)
    wideB.set(b.subarray(row * update.rank, (row + 1) * update.rank), row * rank);
  return { a: wideA, b: wideB };
}
