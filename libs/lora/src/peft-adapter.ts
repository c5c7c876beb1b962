import type { ByteSource } from '@app/gguf';
import { parseAdapterConfig } from './adapter-config.js';
import { limits } from './limits.js';
import type { LayerModule, LowRankUpdate } from './low-rank.js';
import { problem, shown } from './problem.js';
import { readSafetensors, readTensor, type StoredTensor } from './safetensors.js';

export interface PeftUpdate extends LowRankUpdate {
  layer: number;
  module: LayerModule;
}

/** An adapter as PEFT saves it, checked; its matrices are read one by one when they are asked for. */
export interface PeftAdapter {
  /** As its author wrote it in adapter_config.json. */
  baseModel: string | null;
  /** By layer, then by module. */
  updates: PeftUpdate[];
}

const moduleNames: Record<string, LayerModule> = {
  'self_attn.q_proj': 'q',
  'self_attn.k_proj': 'k',
  'self_attn.v_proj': 'v',
  'self_attn.o_proj': 'o',
  'mlp.gate_proj': 'gate',
  'mlp.up_proj': 'up',
  'mlp.down_proj': 'down',
};
/** `base_model.model.` is PEFT's own; the middle differs between text models and the text part of multimodal ones. */
const tensorName =
  /^base_model\.model\.((?:(?:model|language_model)\.){0,3}layers\.(0|[1-9]\d{0,5})\.(self_attn|mlp)\.(\w{1,32}))\.lora_([AB])(?:\.default)?\.weight$/;

/**
 * @param config text of adapter_config.json
 * @param weights bytes of adapter_model.safetensors
 * @throws DomainError `explore.adapter-…`: what cannot be converted faithfully is refused, never left out
 */
export async function readPeftAdapter(config: string, weights: ByteSource): Promise<PeftAdapter> {
  const { baseModel, targetModules, rankOf, scaleOf } = parseAdapterConfig(config);
  const pairs = new Map<
    string,
    { layer: number; module: LayerModule; path: string; A?: StoredTensor; B?: StoredTensor }
  >();
  for (const [name, tensor] of await readSafetensors(weights)) {
    const { path, layer, module, part } = parseName(name);
    if (targetModules && !targetModules.some((target) => path === target || path.endsWith(`.${target}`)))
      throw unexpected(name);
    const key = `${layer}.${module}`;
    const pair = pairs.get(key) ?? { layer, module, path };
    if (pair[part] || pair.path !== path)
      throw problem('duplicate-tensor', 'The adapter holds a matrix twice.', { tensor: shown(name) });
    pair[part] = tensor;
    pairs.set(key, pair);
  }
  if (pairs.size === 0) throw problem('empty', 'The adapter changes nothing.');
  const updates = [...pairs.values()].map(({ layer, module, path, A, B }): PeftUpdate => {
    if (!A || !B) throw problem('missing-tensor', 'Half of a pair of matrices is missing.', { module: shown(path) });
    const shape = pairShape(path, A, B);
    if (shape.rank !== rankOf(path))
      throw problem('rank-mismatch', 'A matrix of the adapter has another rank than its configuration says.', {
        module: shown(path),
        rank: shape.rank,
        expected: rankOf(path),
      });
    const read = async () => ({ a: await readTensor(weights, A), b: await readTensor(weights, B) });
    return { layer, module, ...shape, scale: scaleOf(path), read };
  });
  return { baseModel, updates: updates.toSorted((a, b) => a.layer - b.layer || a.module.localeCompare(b.module)) };
}

function parseName(name: string): { path: string; layer: number; module: LayerModule; part: 'A' | 'B' } {
  const [, path = '', layer = '', block = '', projection = '', part] = tensorName.exec(name) ?? [];
  const key = `${block}.${projection}`;
  const module = Object.hasOwn(moduleNames, key) ? moduleNames[key] : undefined;
  if (!module || Number(layer) >= limits.layers) throw unexpected(name);
  return { path, layer: Number(layer), module, part: part === 'A' ? 'A' : 'B' };
}

const unexpected = (name: string) =>
  problem(
    'tensor-unexpected',
    'The adapter holds a tensor that is no part of a LoRA of attention or feed-forward layers.',
    {
      tensor: shown(name),
    },
  );

function pairShape(path: string, a: StoredTensor, b: StoredTensor): { rows: number; columns: number; rank: number } {
  const [rank = 0, columns = 0] = a.shape;
  const [rows = 0, rankOfB] = b.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || rank !== rankOfB || rank < 1 || rows < 1 || columns < 1)
    throw problem('bad-shape', 'The shapes of a pair of matrices do not fit.', { module: shown(path) });
  if (rank * Math.max(rows, columns) > limits.matrixValues)
    throw problem('too-large', 'A matrix of the adapter is too large.', { module: shown(path) });
  return { rows, columns, rank };
}
