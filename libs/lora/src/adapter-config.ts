import { z } from 'zod';
import { limits } from './limits.js';
import { problem, shown } from './problem.js';
import { parseStrictJson } from './strict-json.js';

/** What adapter_config.json says about the scale of each module and the base. */
export interface AdapterConfig {
  /** As its author wrote it: a name in a hub or a path; null where it is not told. */
  baseModel: string | null;
  /** Module names (the end of a module's path); null where a pattern or nothing is given. */
  targetModules: string[] | null;
  /** @param modulePath path in the base model, e.g. `model.layers.0.self_attn.q_proj` */
  rankOf(modulePath: string): number;
  /** α/r, or α/√r for rank-stabilised LoRA. */
  scaleOf(modulePath: string): number;
}

const rank = z.number().int().min(1).max(limits.rank);
const alpha = z.number().positive().finite();
const configSchema = z.looseObject({
  peft_type: z.string(),
  base_model_name_or_path: z.string().max(1024).nullish(),
  r: rank,
  lora_alpha: alpha,
  use_rslora: z.boolean().nullish(),
  target_modules: z.union([z.array(z.string().max(256)).max(limits.patterns), z.string().max(4096)]).nullish(),
  rank_pattern: z.record(z.string().max(512), rank).nullish(),
  alpha_pattern: z.record(z.string().max(512), alpha).nullish(),
});

/**
 * Options that make an adapter more than ΔW = scale · B · A on some matrices, with the values that do not.
 * An `init_lora_weights` that is absent here also changed the base (PiSSA, OLoRA, CorDA, LoftQ, LoRA-GA).
 */
const plainValues: Record<string, unknown[]> = {
  use_dora: [false],
  use_qalora: [false],
  use_bdlora: [false, null],
  bias: ['none'],
  lora_bias: [false],
  fan_in_fan_out: [false],
  task_type: ['CAUSAL_LM'],
  modules_to_save: [[]],
  target_parameters: [[]],
  trainable_token_indices: [],
  layer_replication: [[]],
  alora_invocation_tokens: [[]],
  alora_invocation_string: [''],
  arrow_config: [],
  monteclora_config: [],
  init_lora_weights: [true, false, 'gaussian', 'eva', 'orthogonal'],
};

/** Reads adapter_config.json as PEFT writes it. Throws `explore.adapter-config-…` errors. */
export function parseAdapterConfig(text: string): AdapterConfig {
  if (text.length > limits.configBytes) throw problem('config-too-large', 'The adapter_config.json is too large.');
  const json = parseStrictJson(text, limits.jsonDepth);
  const parsed = configSchema.safeParse(json);
  if (!parsed.success)
    throw problem('config-invalid', 'The adapter_config.json is not that of a LoRA adapter.', {
      fields: parsed.error.issues.slice(0, 10).map((issue) => shown(issue.path.join('.'))),
    });
  const config = parsed.data;
  if (config.peft_type !== 'LORA') throw unsupported('peft_type', config.peft_type);
  for (const [option, plain] of Object.entries(plainValues)) {
    const value = Object.hasOwn(config, option) ? config[option] : null;
    if (value !== null && !plain.some((allowed) => JSON.stringify(allowed) === JSON.stringify(value)))
      throw unsupported(option, value);
  }
  const ranks = patternTable('rank_pattern', config.rank_pattern ?? {}, config.r);
  const alphas = patternTable('alpha_pattern', config.alpha_pattern ?? {}, config.lora_alpha);
  return {
    baseModel: config.base_model_name_or_path || null,
    targetModules: Array.isArray(config.target_modules) ? config.target_modules : null,
    rankOf: ranks,
    scaleOf: (path) => alphas(path) / (config.use_rslora ? Math.sqrt(ranks(path)) : ranks(path)),
  };
}

const unsupported = (option: string, value: unknown) =>
  problem('config-unsupported', `The adapter uses ${option} in a way that cannot be converted.`, {
    option,
    value: shown(JSON.stringify(value)),
  });

/**
 * PEFT reads a pattern as a regular expression that must match the end of a module's path, from a dot on (the first that
 * matches counts). Here it may be a path, and `^` before it for a whole one; a real expression from a stranger is not run.
 */
function patternTable(option: string, patterns: Record<string, number>, otherwise: number): (path: string) => number {
  const entries = Object.entries(patterns);
  if (entries.length > limits.patterns) throw unsupported(option, entries.length);
  const known = new Map<string, { value: number; order: number }>();
  entries.forEach(([pattern, value], order) => {
    const literal = pattern.replaceAll('\\.', '.').replace(/\$$/, '');
    if (!/^\^?\w+(\.\w+)*$/.test(literal)) throw unsupported(option, pattern);
    if (!known.has(literal)) known.set(literal, { value, order });
  });
  return (path) => {
    const names = path.split('.');
    const matching = [`^${path}`, ...names.map((_, from) => names.slice(from).join('.'))].flatMap(
      (name) => known.get(name) ?? [],
    );
    return matching.reduce((first, next) => (next.order < first.order ? next : first), {
      value: otherwise,
      order: Infinity,
    }).value;
  };
}
