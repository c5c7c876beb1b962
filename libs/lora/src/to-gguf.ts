import { encodeFloats, floatBytes } from './floats.js';
import type { GgufBase } from './gguf-base.js';
import { encodeHeader, padding, type HeaderTensor } from './gguf-header.js';
import { balanced, type Factors, type LayerModule } from './low-rank.js';
import type { PeftAdapter, PeftUpdate } from './peft-adapter.js';
import { problem, wrongBase } from './problem.js';

/** Whether llama.cpp keeps the rows of q and k in another order than the files of the model's author. */
const reordersQueries: Record<string, boolean> = {
  llama: true,
  gemma: false,
  gemma2: false,
  gemma3: false,
  qwen2: false,
  qwen3: false,
};
const tensorNames: Record<LayerModule, string> = {
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  o: 'attn_output',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
};

/**
 * The adapter as a GGUF file for llama.cpp, piece by piece; one pair of matrices is in memory at a time.
 *
 * @throws DomainError `explore.adapter-base-unsupported`, `-wrong-base` before the first piece; `-not-finite`,
 *   `-out-of-range` and `-truncated` in the middle: what was written by then is no adapter
 */
export async function* toGguf(
  adapter: PeftAdapter,
  base: GgufBase,
  type: 'F32' | 'F16' = 'F16',
): AsyncGenerator<Uint8Array> {
  const reorders = Object.hasOwn(reordersQueries, base.architecture) ? reordersQueries[base.architecture] : undefined;
  if (reorders === undefined)
    throw problem('base-unsupported', 'Adapters for this kind of model cannot be converted.', {
      architecture: base.architecture,
      supported: Object.keys(reordersQueries),
    });
  for (const update of adapter.updates) checkUpdate(update, base, reorders);

  // The engine computes alpha / rank with one alpha for the whole file; where modules differ, B takes the difference.
  const alpha = Math.fround(adapter.updates[0]!.scale * adapter.updates[0]!.rank);
  yield encodeHeader(base.architecture, alpha, tensorsOf(adapter.updates, type));
  for (const update of adapter.updates) {
    const { a, b } = fit(await update.read(), (update.scale * update.rank) / alpha, type);
    for (const matrix of [a, reorders ? reordered(b, update, base) : b]) {
      const bytes = encodeFloats(matrix, type);
      yield bytes;
      yield padding(bytes.length);
    }
  }
}

const nameOf = ({ layer, module }: PeftUpdate) => `blk.${layer}.${tensorNames[module]}.weight`;

function tensorsOf(updates: readonly PeftUpdate[], type: 'F32' | 'F16'): HeaderTensor[] {
  return updates.flatMap((update) => {
    const { rank, rows, columns } = update;
    return [
      { name: `${nameOf(update)}.lora_a`, dimensions: [columns, rank], type, bytes: columns * rank * floatBytes[type] },
      { name: `${nameOf(update)}.lora_b`, dimensions: [rank, rows], type, bytes: rank * rows * floatBytes[type] },
    ];
  });
}

function checkUpdate(update: PeftUpdate, base: GgufBase, reorders: boolean): void {
  const name = nameOf(update);
  const weight = base.matrices.get(name);
  if (weight?.rows !== update.rows || weight.columns !== update.columns)
    throw wrongBase(name, weight, { rows: update.rows, columns: update.columns });
  if (reorders && update.rows % (2 * headsOf(update, base)) !== 0)
    throw problem('base-invalid', 'The attention heads of the base do not fit its weights.', { tensor: name });
}

const headsOf = ({ layer, module }: PeftUpdate, base: GgufBase): number =>
  (module === 'q' ? base.heads : base.keyValueHeads)[layer]!;

/** A factor that is 1 up to the last digit of alpha leaves 32-bit matrices as they were. */
function fit(factors: Factors, factor: number, type: 'F32' | 'F16'): Factors {
  if (type === 'F16') return balanced(factors, factor);
  return Math.abs(factor - 1) < 2 ** -23 ? factors : { a: factors.a, b: factors.b.map((value) => value * factor) };
}

/** Within each head of q and k, llama.cpp's llama turns (first halves, second halves) into pairs. */
function reordered(b: Float32Array, update: PeftUpdate, base: GgufBase): Float32Array {
  if (update.module !== 'q' && update.module !== 'k') return b;
  const { rank, rows } = update;
  const headRows = rows / headsOf(update, base);
  const result = new Float32Array(b.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % headRows;
    const from = row - inHead + (inHead % 2) * (headRows / 2) + Math.floor(inHead / 2);
    result.set(b.subarray(from * rank, (from + 1) * rank), row * rank);
  }
  return result;
}
