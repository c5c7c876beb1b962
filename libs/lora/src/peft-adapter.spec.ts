import { DomainError } from '@app/kernel';
import { encodeSafetensors, withHeader, type SafetensorsTensor } from '@app/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bytes, configOf, madeUpdate, product, safetensorsOf, shapesOf, sizes, tensorsOf } from './lora.fixture.js';
import { layerModules } from './low-rank.js';
import { readPeftAdapter } from './peft-adapter.js';

const updates = [madeUpdate(0, 'q'), madeUpdate(0, 'down'), madeUpdate(1, 'k')];
const whole = safetensorsOf(updates);
const refusedAs = (code: string, details?: object) => ({
  name: 'DomainError',
  kind: 'invalid',
  code: `explore.adapter-${code}`,
  ...(details && { details: expect.objectContaining(details) as unknown }),
});
const readWeights = (weights: Uint8Array, size?: number) => readPeftAdapter(configOf(), new Bytes(weights, size));
const readConfig = (changes: Record<string, unknown>) => readPeftAdapter(configOf(changes), new Bytes(whole));
const [aOfQ, bOfQ] = tensorsOf([madeUpdate(0, 'q')]) as [SafetensorsTensor, SafetensorsTensor];
const path = 'base_model.model.model.layers.0.self_attn.q_proj';

describe('a PEFT adapter', () => {
  it('tells its base and its matrices by layer and module', async () => {
    const adapter = await readWeights(whole);
    expect(adapter.baseModel).toBe('someone/some-model');
    expect(
      adapter.updates.map(({ layer, module, rank, rows, columns, scale }) => [
        layer,
        module,
        rank,
        rows,
        columns,
        scale,
      ]),
    ).toEqual([
      [0, 'down', 4, 16, 24, 4],
      [0, 'q', 4, 16, 16, 4],
      [1, 'k', 4, 8, 16, 4],
    ]);
    const [, q] = adapter.updates;
    const { a, b } = await q!.read();
    expect(product({ a, b }, 16, 16, 1)).toEqual(product(updates[0]!, ...shapesOf(sizes).q, 1));
  });

  it.each(['F32', 'F16', 'BF16'] as const)('may be stored as %s', async (dtype) => {
    const update = madeUpdate(0, 'q', { dtype });
    const { updates } = await readWeights(safetensorsOf([update]));
    expect(await updates[0]!.read()).toEqual({ a: update.a, b: update.b });
  });

  it.each([
    'base_model.model.model.layers.0.self_attn.q_proj',
    'base_model.model.model.language_model.layers.0.self_attn.q_proj',
    'base_model.model.language_model.model.layers.0.self_attn.q_proj',
  ])('may name its matrices %s', async (name) => {
    const tensors = [
      { ...aOfQ, name: `${name}.lora_A.weight` },
      { ...bOfQ, name: `${name}.lora_B.weight` },
    ];
    expect((await readWeights(encodeSafetensors(tensors))).updates).toMatchObject([{ layer: 0, module: 'q' }]);
  });

  it('scales by alpha over the rank, or over its root when it is rank-stabilised', async () => {
    expect((await readConfig({ lora_alpha: 32 })).updates[0]!.scale).toBe(8);
    expect((await readConfig({ lora_alpha: 32, use_rslora: true })).updates[0]!.scale).toBe(16);
  });

  it.each([
    [{ 'self_attn.q_proj': 2 }, 0.5],
    [{ q_proj: 2 }, 0.5],
    [{ '^model.layers.0.self_attn.q_proj': 2 }, 0.5],
    [{ 'model\\.layers\\.0\\.self_attn\\.q_proj$': 2 }, 0.5],
    [{ '^self_attn.q_proj': 2 }, 4],
    [{ proj: 2 }, 4],
    [{ 'layers.1.self_attn.q_proj': 2 }, 4],
    [{ q_proj: 2, 'layers.0.self_attn.q_proj': 8 }, 0.5],
  ])('takes another alpha for the modules that a pattern names first: %j', async (alpha_pattern, scale) => {
    expect((await readConfig({ alpha_pattern })).updates[1]).toMatchObject({ module: 'q', scale });
  });
});

describe('a configuration that means more than ΔW = scale · B · A', () => {
  it.each([
    { peft_type: 'IA3' },
    { use_dora: true },
    { bias: 'all' },
    { bias: 'lora_only' },
    { lora_bias: true },
    { fan_in_fan_out: true },
    { task_type: 'SEQ_CLS' },
    { modules_to_save: ['lm_head'] },
    { target_parameters: ['experts'] },
    { trainable_token_indices: [1] },
    { layer_replication: [[0, 1]] },
    { alora_invocation_tokens: [1, 2] },
    { init_lora_weights: 'pissa' },
    { init_lora_weights: 'olora' },
    { init_lora_weights: 'loftq' },
    { rank_pattern: { '(a+)+': 4 } },
    { alpha_pattern: { '.*': 4 } },
  ])('is refused: %j', async (changes) => {
    await expect(readConfig(changes)).rejects.toMatchObject(
      refusedAs('config-unsupported', { option: Object.keys(changes)[0] }),
    );
  });

  it.each([
    { r: 0 },
    { r: 1.5 },
    { r: 1e9 },
    { lora_alpha: 0 },
    { lora_alpha: -1 },
    { lora_alpha: '16' },
    { target_modules: [1] },
  ])('is refused where a value makes no sense: %j', async (changes) => {
    await expect(readConfig(changes)).rejects.toMatchObject(refusedAs('config-invalid', { fields: expect.any(Array) }));
  });

  it.each([
    ['config-too-large', ' '.repeat(2 ** 20 + 1)],
    ['bad-json', '{"r": 4'],
    ['bad-json', '{"r" 4}'],
    ['bad-json', '['.repeat(100_000)],
    ['bad-json', '"'],
    ['duplicate-key', '{"r": 4, "r": 8}'],
    ['duplicate-key', '{"r": 4, "\\u0072": 8}'],
    ['config-invalid', '[]'],
    ['config-invalid', '{"__proto__": {"peft_type": "LORA", "r": 4, "lora_alpha": 1}}'],
  ])('is refused as %s where it is no plain JSON object', async (code, config) => {
    await expect(readPeftAdapter(config, new Bytes(whole))).rejects.toMatchObject(refusedAs(code));
  });

  it('is refused where the rank is not that of the matrices', async () => {
    await expect(readConfig({ r: 8 })).rejects.toMatchObject(refusedAs('rank-mismatch', { rank: 4, expected: 8 }));
  });

  it('is refused where it does not name a module that the file has', async () => {
    await expect(readConfig({ target_modules: ['q_proj', 'k_proj'] })).rejects.toMatchObject(
      refusedAs('tensor-unexpected'),
    );
  });
});

describe('weights that cannot be converted faithfully', () => {
  it.each([
    ['tensor-unexpected', 'base_model.model.lm_head.weight'],
    ['tensor-unexpected', 'base_model.model.model.embed_tokens.lora_embedding_A'],
    ['tensor-unexpected', `${path}.lora_magnitude_vector`],
    ['tensor-unexpected', 'base_model.model.model.layers.1024.self_attn.q_proj.lora_A.weight'],
    ['tensor-unexpected', 'base_model.model.model.layers.00.self_attn.q_proj.lora_A.weight'],
    ['tensor-unexpected', 'base_model.model.model.layers.0.self_attn.constructor.lora_A.weight'],
    ['duplicate-tensor', 'base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight'],
    ['bad-header', 'x'.repeat(600)],
  ])('are refused as %s: %s', async (code, name) => {
    const weights = encodeSafetensors([aOfQ, bOfQ, { ...aOfQ, name }]);
    await expect(readWeights(weights)).rejects.toMatchObject(refusedAs(code));
  });

  it('are refused where half of a pair is missing, and where there is nothing', async () => {
    await expect(readWeights(encodeSafetensors([aOfQ]))).rejects.toMatchObject(refusedAs('missing-tensor'));
    await expect(readWeights(encodeSafetensors([]))).rejects.toMatchObject(refusedAs('empty'));
  });

  it.each([
    [
      [16, 4],
      [16, 4],
    ],
    [[4, 16], [64]],
    [
      [4, 16],
      [32, 2],
    ],
    [[64], [16, 4]],
    [
      [4, 16, 1],
      [16, 4, 1],
    ],
  ])('are refused where the shapes %j and %j do not fit', async (shapeOfA, shapeOfB) => {
    const weights = encodeSafetensors([
      { ...aOfQ, shape: shapeOfA },
      { ...bOfQ, shape: shapeOfB },
    ]);
    await expect(readWeights(weights)).rejects.toMatchObject(refusedAs('bad-shape'));
  });

  it.each([Number.NaN, Infinity, -Infinity])('are refused when they are read and hold %d', async (value) => {
    for (const dtype of ['F32', 'F16', 'BF16'] as const) {
      const update = madeUpdate(0, 'q', { dtype });
      update.b[7] = value;
      const { updates } = await readWeights(safetensorsOf([update]));
      await expect(updates[0]!.read()).rejects.toMatchObject(refusedAs('not-finite'));
    }
  });
});

describe('a broken safetensors file', () => {
  const entry = (changes: object = {}) => ({ dtype: 'F32', shape: [4, 16], data_offsets: [0, 256], ...changes });
  const withEntries = (entries: object, dataBytes = 512) =>
    withHeader(JSON.stringify(entries), new Uint8Array(dataBytes));
  const [a, b] = [`${path}.lora_A.weight`, `${path}.lora_B.weight`];

  it.each([
    ['truncated', Buffer.alloc(0)],
    ['truncated', whole.subarray(0, 7)],
    ['truncated', whole.subarray(0, 100)],
    ['truncated', whole.subarray(0, whole.length - 1)],
    ['bad-range', Buffer.concat([whole, Buffer.alloc(1)])],
    ['header-too-large', Buffer.concat([Buffer.from('ffffffffffffff7f', 'hex'), whole.subarray(8)])],
    ['header-too-large', Buffer.concat([Buffer.from('0100400000000000', 'hex'), Buffer.alloc(2 ** 23, '{')])],
    ['bad-json', withHeader('not json at all', new Uint8Array(8))],
    ['bad-json', withHeader('{"a": ', new Uint8Array(8))],
    ['bad-json', Buffer.concat([Buffer.from('0400000000000000', 'hex'), Buffer.from([0x7b, 0xff, 0xfe, 0x7d])])],
    ['bad-json', withHeader(`{"a":${'['.repeat(1e6)}`, new Uint8Array(8))],
    [
      'duplicate-key',
      withHeader(`{"${a}":${JSON.stringify(entry())},"${a}":${JSON.stringify(entry())}}`, new Uint8Array(256)),
    ],
    ['bad-header', withEntries({ __metadata__: { nested: {} } })],
    ['bad-header', withEntries({ [a]: null })],
    ['bad-header', withEntries({ [a]: { ...entry(), extra: 1 } })],
    ['bad-header', withEntries({ [a]: entry({ shape: [-4, 16] }) })],
    ['bad-header', withEntries({ [a]: entry({ shape: [1e300] }) })],
    ['bad-header', withEntries({ [a]: entry({ data_offsets: [0, 1, 2] }) })],
    ['bad-header', withEntries({ [a]: entry({ shape: Array.from({ length: 1000 }, () => 1) }) })],
    ['dtype-unsupported', withEntries({ [a]: entry({ dtype: 'F64' }) })],
    ['dtype-unsupported', withEntries({ [a]: entry({ dtype: 'toString' }) })],
    ['bad-range', withEntries({ [a]: entry({ shape: [2 ** 40, 2 ** 40] }) })],
    ['bad-range', withEntries({ [a]: entry({ data_offsets: [256, 0] }) })],
    ['bad-range', withEntries({ [a]: entry({ data_offsets: [0, 128] }) })],
    ['bad-range', withEntries({ [a]: entry(), [b]: entry({ data_offsets: [128, 384] }) })],
    ['bad-range', withEntries({ [a]: entry(), [b]: entry() }, 256)],
    ['bad-range', withEntries({ [a]: entry({ data_offsets: [256, 512] }) })],
    ['too-many-tensors', withEntries(Object.fromEntries(Array.from({ length: 8193 }, (_, at) => [`t${at}`, entry()])))],
  ])('is refused as %s', async (code, bytes) => {
    const source = new Bytes(bytes);
    const started = performance.now();
    await expect(readPeftAdapter(configOf(), source)).rejects.toMatchObject(refusedAs(code));
    expect(performance.now() - started).toBeLessThan(2000);
    expect(source.bytesRead).toBeLessThan(5 * 2 ** 20);
  });

  it('is refused before a huge matrix is read', async () => {
    const columns = 2 ** 24;
    const header = JSON.stringify({
      [a]: { dtype: 'F32', shape: [4, columns], data_offsets: [0, 16 * columns] },
      [b]: { dtype: 'F32', shape: [4, 4], data_offsets: [16 * columns, 16 * columns + 64] },
    });
    const bytes = withHeader(header, new Uint8Array(0));
    await expect(readWeights(bytes, bytes.length + 16 * columns + 64)).rejects.toMatchObject(refusedAs('too-large'));
  });

  it('is refused with a code wherever it is cut or changed, or else read without harm', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(whole.length)),
        async (changes, cut) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          const source = new Bytes(cut === null ? bytes : bytes.subarray(0, cut));
          try {
            const { updates } = await readPeftAdapter(configOf(), source);
            for (const update of updates) await update.read();
            expect(updates.every(({ module }) => layerModules.includes(module))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(DomainError);
            expect((error as DomainError).code).toMatch(/^explore\.adapter-[a-z-]+$/);
          }
          expect(source.bytesRead).toBeLessThan(2 * whole.length);
        },
      ),
      { numRuns: 400 },
    );
  });
});
