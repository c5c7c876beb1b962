import { DomainError } from '@app/kernel';
import { encodeGguf, type GgufTensor, type GgufValue } from '@app/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateMemory } from './estimate-memory.js';
import { parseGguf, type GgufInfo } from './gguf.js';
import type { ByteSource } from './header-reader.js';
import { ggufLimits } from './limits.js';

const metadata: Record<string, GgufValue> = {
  'general.architecture': { string: 'llama' },
  'general.name': { string: 'A model' },
  'general.license': { string: 'apache-2.0' },
  'general.file_type': { u32: 15 },
  'llama.context_length': { u32: 4096 },
  'llama.embedding_length': { u32: 64 },
  'llama.block_count': { u32: 2 },
  'llama.attention.head_count': { u32: 4 },
  'llama.attention.head_count_kv': { u32: 2 },
  'tokenizer.ggml.tokens': { strings: ['a', 'b', 'c'] },
  'tokenizer.ggml.scores': { f32s: [0, 1, 2] },
  'tokenizer.ggml.eos_token_id': { u32: 2 },
  'tokenizer.chat_template': { string: '{{ messages }}' },
};
const tensors: GgufTensor[] = [
  { name: 'token_embd.weight', dimensions: [64, 3], data: new Float32Array(192) },
  { name: 'output_norm.weight', dimensions: [64], data: new Float32Array(64) },
];

/** Counts what is read, to see that no input makes the reader read without end. */
class Bytes implements ByteSource {
  bytesRead = 0;

  constructor(
    private readonly bytes: Uint8Array,
    readonly size = bytes.length,
  ) {}

  async read(offset: number, length: number): Promise<Uint8Array> {
    const part = this.bytes.subarray(offset, offset + length);
    this.bytesRead += part.length;
    return part;
  }
}

const parse = (bytes: Uint8Array, size?: number) => parseGguf(new Bytes(bytes, size));
const parseChanged = (change: Record<string, GgufValue>, without: string[] = []) => {
  const all = Object.entries({ ...metadata, ...change }).filter(([key]) => !without.includes(key));
  return parse(encodeGguf(Object.fromEntries(all), tensors));
};
const refusedAs = (code: string) => ({ name: 'DomainError', kind: 'invalid', code: `gguf.${code}` });

describe('the header of a model', () => {
  it('tells what the model is', async () => {
    expect(await parse(encodeGguf(metadata, tensors))).toEqual({
      architecture: 'llama',
      name: 'A model',
      license: 'apache-2.0',
      contextLength: 4096,
      parameters: 256,
      quantization: 'Q4_K_M',
      hasChatTemplate: true,
      fileBytes: encodeGguf(metadata, tensors).length,
      tensorBytes: 1024,
      vocabularySize: 3,
      embeddingLength: 64,
      layers: 2,
      cacheBytesPerToken: 2 * 2 * (16 + 16) * 2,
    } satisfies GgufInfo);
  });

  it('may leave out what a model can do without', async () => {
    const without = ['general.name', 'general.license', 'general.file_type', 'tokenizer.chat_template'];
    expect(await parseChanged({}, without)).toMatchObject({
      name: null,
      license: null,
      quantization: 'F32',
      hasChatTemplate: false,
    });
  });

  it('lets memory be estimated', async () => {
    const info = await parse(encodeGguf(metadata, tensors));
    const { weights, cache, compute, total } = estimateMemory(info, 4, 1000);
    expect({ weights, cache }).toEqual({ weights: 1024, cache: 256 * 4 * 1000 });
    expect(total).toBe(weights + cache + compute);
  });

  it('may give the heads layer by layer', async () => {
    const info = await parseChanged({ 'llama.attention.head_count_kv': { i32s: [1, 3] } });
    expect(info.cacheBytesPerToken).toBe((1 + 3) * 32 * 2);
  });
});

describe('a header that cannot be true', () => {
  const max = Buffer.from('ffffffffffffffff', 'hex');
  const withBytes = (at: number, bytes: Buffer) => {
    const file = encodeGguf(metadata, tensors);
    bytes.copy(file, at);
    return file;
  };
  const count = (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return bytes;
  };

  it.each<[string, string, () => Promise<unknown>]>([
    ['another kind of file', 'not-gguf', () => parse(Buffer.alloc(1000))],
    ['an empty file', 'not-gguf', () => parse(Buffer.alloc(0))],
    ['version 1', 'unsupported-version', () => parse(withBytes(4, Buffer.from([1])))],
    ['big-endian', 'unsupported-version', () => parse(withBytes(4, Buffer.from([0, 0, 0, 3])))],
    ['countless tensors', 'number-too-large', () => parse(withBytes(8, max))],
    ['too many tensors', 'too-many-tensors', () => parse(withBytes(8, count(1_000_000n)))],
    ['too many entries', 'too-many-entries', () => parse(withBytes(16, count(1_000_000n)))],
    ['a key without end', 'string-too-long', () => parse(withBytes(24, count(1n << 40n)))],
    ['no architecture', 'no-architecture', () => parseChanged({}, ['general.architecture'])],
    ['a path as architecture', 'no-architecture', () => parseChanged({ 'general.architecture': { string: '../x' } })],
    ['an adapter', 'not-a-model', () => parseChanged({ 'general.type': { string: 'adapter' } })],
    ['a part of a model', 'split', () => parseChanged({ 'split.count': { u32: 3 } })],
    ['no context length', 'missing-value', () => parseChanged({}, ['llama.context_length'])],
    ['no context', 'bad-value', () => parseChanged({ 'llama.context_length': { u32: 0 } })],
    ['too many layers', 'bad-value', () => parseChanged({ 'llama.block_count': { u32: 2 ** 31 } })],
    ['no vocabulary', 'no-vocabulary', () => parseChanged({}, ['tokenizer.ggml.tokens'])],
    [
      'an end beyond the vocabulary',
      'bad-vocabulary',
      () => parseChanged({ 'tokenizer.ggml.eos_token_id': { u32: 3 } }),
    ],
    ['too few scores', 'bad-vocabulary', () => parseChanged({ 'tokenizer.ggml.scores': { f32s: [1] } })],
    ['an odd alignment', 'bad-alignment', () => parseChanged({ 'general.alignment': { u32: 48 } })],
    ['no tensors', 'no-tensors', () => parse(encodeGguf(metadata, []))],
    ['a tensor twice', 'duplicate-tensor', () => parse(encodeGguf(metadata, [tensors[0]!, tensors[0]!]))],
    ['a tensor of nothing', 'bad-tensor', () => parse(encodeGguf(metadata, [{ ...tensors[0]!, dimensions: [64, 0] }]))],
    [
      'sizes that overflow',
      'bad-tensor',
      () => parse(encodeGguf(metadata, [{ ...tensors[0]!, dimensions: [2 ** 31, 2 ** 31, 2 ** 31] }])),
    ],
    [
      'overlapping tensors',
      'bad-tensor',
      () => parse(encodeGguf(metadata, [{ ...tensors[0]!, dimensions: [64, 4] }, tensors[1]!])),
    ],
    [
      'a tensor longer than the file',
      'truncated',
      () => parse(encodeGguf(metadata, [{ ...tensors[0]!, dimensions: [64, 2 ** 20] }])),
    ],
  ])('is refused: %s', async (_what, code, work) => {
    await expect(work()).rejects.toMatchObject(refusedAs(code));
  });

  it('is refused at every length but the whole', async () => {
    const file = encodeGguf(metadata, tensors);
    const lastTensor = 64 * 4;
    for (let length = 0; length < file.length - 32; length += length < file.length - lastTensor ? 1 : 16)
      await expect(parse(file.subarray(0, length)), `${length} bytes`).rejects.toBeInstanceOf(DomainError);
  });

  it('is refused before it costs time, however large its counts are', async () => {
    const emptyStrings = encodeGguf({ 'a.list': { strings: ['x'] } }, []);
    const at = emptyStrings.indexOf('a.list') + 'a.list'.length + 4 + 4;
    count(BigInt(ggufLimits.arrayItems)).copy(emptyStrings, at);
    const file = Buffer.concat([emptyStrings.subarray(0, at + 8), Buffer.alloc(ggufLimits.arrayItems * 8)]);
    const started = performance.now();
    await expect(parse(file)).rejects.toBeInstanceOf(DomainError);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('any other bytes', () => {
  const file = encodeGguf(metadata, tensors);
  const dataStart = file.length - (192 + 64) * 4;

  /** Answers a description or a DomainError of this module, and reads no more than a few windows. */
  async function expectBounded(bytes: Uint8Array): Promise<void> {
    const source = new Bytes(bytes);
    try {
      const info = await parseGguf(source);
      expect(info.parameters).toBeGreaterThan(0);
      expect(info.tensorBytes).toBeLessThanOrEqual(bytes.length);
      expect(Number.isSafeInteger(info.cacheBytesPerToken)).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ name: 'DomainError', kind: 'invalid', code: expect.stringMatching(/^gguf\./) });
    }
    expect(source.bytesRead).toBeLessThanOrEqual(4 * bytes.length + 64);
  }

  it('lead to an answer when some are changed', async () => {
    const change = fc.record({ at: fc.nat(dataStart - 1), value: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const bytes = Uint8Array.from(file);
        for (const { at, value } of changes) bytes[at] = value;
        await expectBounded(bytes);
      }),
      { numRuns: 1_000 },
    );
  });

  it('lead to an answer when numbers are extreme', async () => {
    const extreme = fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n);
    const change = fc.record({ at: fc.nat(dataStart - 8), value: extreme });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const bytes = Buffer.from(file);
        for (const { at, value } of changes) bytes.writeBigUInt64LE(value, at);
        await expectBounded(bytes);
      }),
      { numRuns: 1_000 },
    );
  });

  it('lead to an answer when a part is missing, doubled or cut off', async () => {
    const part = fc.tuple(fc.nat(file.length), fc.nat(64), fc.nat(3));
    await fc.assert(
      fc.asyncProperty(part, fc.nat(file.length), async ([at, length, times], end) => {
        const middle = Array.from({ length: times }, () => file.subarray(at, at + length));
        const bytes = Buffer.concat([file.subarray(0, at), ...middle, file.subarray(at + length)]);
        await expectBounded(bytes.subarray(0, Math.max(end, 24)));
      }),
      { numRuns: 500 },
    );
  });

  it('lead to an answer when they are random', async () => {
    const head = fc.tuple(fc.constantFrom(2, 3), fc.nat(8), fc.nat(8), fc.uint8Array({ maxLength: 400 }));
    await fc.assert(
      fc.asyncProperty(head, async ([version, tensorCount, entryCount, rest]) => {
        const start = Buffer.alloc(24);
        start.write('GGUF');
        start.writeUInt32LE(version, 4);
        start.writeBigUInt64LE(BigInt(tensorCount), 8);
        start.writeBigUInt64LE(BigInt(entryCount), 16);
        await expectBounded(Buffer.concat([start, rest]));
      }),
      { numRuns: 500 },
    );
  });
});
