import { DomainError } from '@app/kernel';
import { encodeGguf, type GgufTensor, type GgufValue } from '@app/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkGgufAdapterFits, readGgufAdapter } from './gguf-adapter.js';
import { readGgufBase } from './gguf-base.js';
import {
  Bytes,
  collect,
  configOf,
  ggufBase,
  madeUpdate,
  mediaPipeBase,
  parametersOf,
  safetensorsOf,
  sizes,
  tfl3File,
} from './lora.fixture.js';
import { checkMediaPipeAdapterFits, readMediaPipeAdapter } from './mediapipe-adapter.js';
import { readMediaPipeBase } from './mediapipe-base.js';
import { readPeftAdapter } from './peft-adapter.js';
import { toGguf } from './to-gguf.js';
import { toMediaPipe } from './to-mediapipe.js';

const refusedAs = (code: string) => ({ name: 'DomainError', kind: 'invalid', code: `explore.adapter-${code}` });
const thrown = (code: string) => expect.objectContaining(refusedAs(code)) as Error;
const adapterOf = (...updates: Parameters<typeof safetensorsOf>[0]) =>
  readPeftAdapter(configOf(), new Bytes(safetensorsOf(updates)));
const gguf = async () =>
  collect(
    toGguf(await adapterOf(madeUpdate(0, 'q'), madeUpdate(1, 'up')), await readGgufBase(new Bytes(ggufBase('llama')))),
  );
const mediaPipe = async () =>
  collect(
    toMediaPipe(
      await adapterOf(madeUpdate(0, 'q'), madeUpdate(1, 'o')),
      await readMediaPipeBase(new Bytes(mediaPipeBase())),
    ),
  );

/** Whatever is done to a file, reading it ends soon, and with a result or a coded error. */
async function readsSafely(whole: Buffer, headBytes: number, read: (source: Bytes) => Promise<unknown>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(headBytes - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.option(fc.nat(whole.length)),
      async (changes, cut) => {
        const bytes = Buffer.from(cut === null ? whole : whole.subarray(0, cut));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const source = new Bytes(bytes);
        await read(source).catch((error: unknown) => {
          if (!(error instanceof DomainError)) throw error;
          expect(error.code).toMatch(/^(?:explore\.adapter-|gguf\.)[a-z0-9-]+$/);
        });
        expect(source.bytesRead).toBeLessThan(3 * whole.length);
      },
    ),
    { numRuns: 150 },
  );
}

describe('a base that an adapter was not made for', () => {
  it.each([
    ['base-unsupported', ggufBase('phi3')],
    ['wrong-base', ggufBase('llama', { ...sizes, width: 32 })],
    ['wrong-base', ggufBase('llama', { ...sizes, layers: 1 })],
    [
      'base-invalid',
      ggufBase('llama', { ...sizes, heads: 3, headWidth: 8 }, { 'llama.attention.head_count': { u32: 5 } }),
    ],
  ])('is refused before a byte is written: %s', async (code, base) => {
    const adapter = await adapterOf(madeUpdate(1, 'k'), madeUpdate(1, 'up'));
    const read = { ...(await readGgufBase(new Bytes(base))) };
    if (code === 'base-invalid') read.keyValueHeads = [1, 3];
    await expect(toGguf(adapter, read).next()).rejects.toMatchObject(refusedAs(code));
  });

  it.each([
    ['base-invalid', { 'general.type': { string: 'adapter' } }],
    ['base-invalid', { 'llama.block_count': { u32: 0 } }],
    ['base-invalid', { 'llama.attention.head_count': { i32s: [1] } }],
  ] as [string, Record<string, GgufValue>][])(
    'is refused as %s where its header makes no sense: %j',
    async (code, entries) => {
      await expect(readGgufBase(new Bytes(ggufBase('llama', sizes, entries)))).rejects.toMatchObject(refusedAs(code));
    },
  );

  it('is refused by the browser converter: other sizes, other kinds, and matrices that the engine has no place for', async () => {
    const adapter = await adapterOf(madeUpdate(1, 'k'));
    const convert = async (base: Buffer, of = adapter) =>
      toMediaPipe(of, await readMediaPipeBase(new Bytes(base))).next();
    await expect(convert(mediaPipeBase({ ...sizes, width: 32 }))).rejects.toMatchObject(refusedAs('wrong-base'));
    await expect(convert(mediaPipeBase({ ...sizes, layers: 1 }))).rejects.toMatchObject(refusedAs('wrong-base'));
    await expect(convert(mediaPipeBase(sizes, 5))).rejects.toMatchObject(refusedAs('base-unsupported'));
    await expect(convert(await mediaPipe())).rejects.toMatchObject(refusedAs('base-invalid'));
    await expect(convert(mediaPipeBase(), await adapterOf(madeUpdate(0, 'up')))).rejects.toMatchObject(
      refusedAs('browser-modules'),
    );
  });

  it('is refused for a file that is there already', async () => {
    const file = await readGgufAdapter(new Bytes(await gguf()));
    const check = async (base: Buffer) => checkGgufAdapterFits(file, await readGgufBase(new Bytes(base)));
    await check(ggufBase('llama'));
    await expect(check(ggufBase('qwen2'))).rejects.toThrow(thrown('wrong-base'));
    await expect(check(ggufBase('llama', { ...sizes, hidden: 32 }))).rejects.toThrow(thrown('wrong-base'));
    const browserFile = await readMediaPipeAdapter(new Bytes(await mediaPipe()));
    checkMediaPipeAdapterFits(browserFile, await readMediaPipeBase(new Bytes(mediaPipeBase())));
    const other = await readMediaPipeBase(new Bytes(mediaPipeBase({ ...sizes, layers: 3 })));
    expect(() => checkMediaPipeAdapterFits(browserFile, other)).toThrow(thrown('wrong-base'));
  });
});

describe('a GGUF adapter from a stranger', () => {
  const entries: Record<string, GgufValue> = {
    'general.architecture': { string: 'llama' },
    'general.type': { string: 'adapter' },
    'adapter.type': { string: 'lora' },
    'adapter.lora.alpha': { f32: 8 },
  };
  const tensor = (name: string, dimensions: number[]): GgufTensor => ({
    name,
    dimensions,
    data: new Float32Array(dimensions.reduce((product, size) => product * size, 1)),
  });
  const pair = [tensor('blk.0.attn_q.weight.lora_a', [16, 4]), tensor('blk.0.attn_q.weight.lora_b', [4, 16])];

  it.each([
    ['not-an-adapter', { 'general.type': { string: 'model' } }, pair],
    ['not-an-adapter', { 'adapter.type': { string: 'control' } }, pair],
    ['bad-header', { 'adapter.lora.alpha': { u32: 8 } }, pair],
    ['bad-header', { 'adapter.lora.alpha': { string: '8' } }, pair],
    ['bad-header', { 'adapter.lora.alpha': { f32: Number.NaN } }, pair],
    ['bad-header', { 'general.architecture': { u32: 1 } }, pair],
    ['config-unsupported', { 'adapter.alora.invocation_tokens': { i32s: [1] } }, pair],
    ['missing-tensor', {}, pair.slice(1)],
    ['bad-shape', {}, [pair[0]!, tensor('blk.0.attn_q.weight.lora_b', [8, 16])]],
    ['tensor-unexpected', {}, [...pair, tensor('blk.0.attn_norm.weight', [16])]],
    ['tensor-unexpected', {}, [...pair, tensor('token_embd.weight.lora_a', [16, 4])]],
    ['empty', {}, []],
  ] as [string, Record<string, GgufValue>, GgufTensor[]][])('is refused as %s: %j', async (code, changes, tensors) => {
    const bytes = encodeGguf({ ...entries, ...changes }, tensors);
    await expect(readGgufAdapter(new Bytes(bytes))).rejects.toMatchObject(refusedAs(code));
  });

  it('is read or refused, however it is broken', async () => {
    const whole = await gguf();
    await readsSafely(whole, 700, async (source) => {
      const { updates } = await readGgufAdapter(source);
      for (const update of updates.values()) await update.read();
    });
  });
});

describe('a MediaPipe file from a stranger', () => {
  it('is refused where it is short of one MiB, which would crash the engine', async () => {
    const short = (await mediaPipe()).subarray(0, 2 ** 20 - 1);
    await expect(readMediaPipeAdapter(new Bytes(short))).rejects.toMatchObject(refusedAs('truncated'));
  });

  it('is refused where it is a model, and where it lacks matrices that the engine asks for', async () => {
    await expect(readMediaPipeAdapter(new Bytes(mediaPipeBase()))).rejects.toMatchObject(refusedAs('not-an-adapter'));
    const of = { name: 'odml.infra.proto.LlmParameters', value: parametersOf(sizes) };
    const withRank = (rank: number) =>
      readMediaPipeAdapter(
        new Bytes(
          tfl3File([], [of, { name: 'odml.infra.LlmModelType', value: 6 }, { name: 'lora_rank', value: rank }]),
        ),
      );
    await expect(withRank(4)).rejects.toMatchObject(refusedAs('missing-tensor'));
    await expect(withRank(6)).rejects.toMatchObject(refusedAs('rank-mismatch'));
    const twice = tfl3File([], [of, of]);
    await expect(readMediaPipeAdapter(new Bytes(twice))).rejects.toMatchObject(refusedAs('duplicate-key'));
  });

  it('is read or refused, however it is broken', async () => {
    const whole = await mediaPipe();
    await readsSafely(whole, 2500, async (source) => {
      const { updates } = await readMediaPipeAdapter(source);
      for (const update of updates.values()) await update.read();
    });
  });
});
