import { open, type FileHandle } from 'node:fs/promises';
import { HeaderReader, type ByteSource } from './header-reader.js';
import { ggufLimits, type GgufLimits } from './limits.js';
import { readMetadata, type Metadata, type ValueTypes } from './metadata.js';
import { problem } from './problem.js';
import { checkPlaces, readTensors, type Tensor } from './tensors.js';
import { fileTypes } from './types.js';

/** What the header of a model file says, checked for sense. */
export interface GgufInfo {
  architecture: string;
  name: string | null;
  /** As written in the file, usually an SPDX name in lower case. */
  license: string | null;
  /** Tokens that the model was trained to see at once. */
  contextLength: number;
  parameters: number;
  /** E.g. `Q4_K_M`. */
  quantization: string;
  hasChatTemplate: boolean;
  fileBytes: number;
  tensorBytes: number;
  vocabularySize: number;
  embeddingLength: number;
  layers: number;
  /** Bytes that one token occupies in a key-value cache of 16-bit floats. */
  cacheBytesPerToken: number;
}

/** Reads and checks the header of a GGUF model; the tensors' data is never read. Throws `gguf.*` errors. */
export async function readGguf(file: string | FileHandle, limits: GgufLimits = ggufLimits): Promise<GgufInfo> {
  if (typeof file === 'string') {
    await using handle = await open(file, 'r').catch((cause: unknown) => {
      throw problem('not-readable', 'The model file cannot be read.', { cause: (cause as NodeJS.ErrnoException).code });
    });
    return await readGguf(handle, limits);
  }
  return parseGguf(await fileSource(file), limits);
}

/** The same for bytes from anywhere. */
export async function parseGguf(source: ByteSource, limits: GgufLimits = ggufLimits): Promise<GgufInfo> {
  const { metadata, tensors } = await parseGgufHeader(source, limits);
  return describe(metadata, tensors, source.size);
}

/** An open file, read by ranges. Throws `gguf.not-readable` for what is no regular file. */
export async function fileSource(file: FileHandle): Promise<ByteSource> {
  const stat = await file.stat();
  if (!stat.isFile()) throw problem('not-readable', 'The model is not a regular file.');
  const read = async (offset: number, length: number) => {
    const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  return { size: stat.size, read };
}

/** A header as it stands: entries and places are checked, but not that it is a model (adapters are GGUF, too). */
export interface GgufHeader {
  metadata: Metadata;
  valueTypes: ValueTypes;
  tensors: Tensor[];
  /** Where the data section starts in the file, in bytes. */
  dataStart: number;
}

/** Reads and checks a header within the limits; throws `gguf.*` errors. */
export async function parseGgufHeader(source: ByteSource, limits: GgufLimits = ggufLimits): Promise<GgufHeader> {
  const reader = new HeaderReader(source, limits);
  if (source.size < 24 || (await reader.u32()) !== 0x46554747)
    throw problem('not-gguf', 'The file is not a GGUF model file.');
  const version = await reader.u32();
  if (version !== 2 && version !== 3)
    throw problem('unsupported-version', 'The GGUF version of the file is not supported.', { version });
  const tensorCount = await reader.u64();
  const entryCount = await reader.u64();
  if (tensorCount > limits.tensors) throw problem('too-many-tensors', 'The file holds too many tensors.');
  if (entryCount > limits.metadataEntries) throw problem('too-many-entries', 'The file holds too many entries.');

  const { metadata, valueTypes } = await readMetadata(reader, entryCount, limits);
  const alignment = numberOf(metadata, 'general.alignment', 32, 1, limits.alignment);
  if (!Number.isInteger(Math.log2(alignment))) throw problem('bad-alignment', 'The file has a wrong alignment.');
  const tensors = await readTensors(reader, tensorCount, alignment);
  const dataStart = Math.ceil(reader.position / alignment) * alignment;
  checkPlaces(tensors, source.size - dataStart);
  return { metadata, valueTypes, tensors, dataStart };
}

function describe(metadata: Metadata, tensors: Tensor[], fileBytes: number): GgufInfo {
  const architecture = textOf(metadata, 'general.architecture');
  if (!architecture || !/^[a-z0-9][a-z0-9_.-]{0,63}$/i.test(architecture))
    throw problem('no-architecture', 'The file does not say which architecture its model has.');
  const type = textOf(metadata, 'general.type');
  if (type !== null && type !== 'model') throw problem('not-a-model', 'The file holds no model.', { type });
  if (numberOf(metadata, 'split.count', 1, 0, 65_535) > 1)
    throw problem('split', 'The file is one part of a split model; join the parts first.');
  if (tensors.length === 0) throw problem('no-tensors', 'The file holds no tensors.');

  const about = (key: string, fallback: number | null, max: number) =>
    numberOf(metadata, `${architecture}.${key}`, fallback, 1, max);
  const contextLength = about('context_length', null, 2 ** 28);
  const embeddingLength = about('embedding_length', null, 2 ** 20);
  const layers = about('block_count', null, 4096);
  const vocabularySize = checkVocabulary(metadata);
  return {
    architecture,
    name: textOf(metadata, 'general.name'),
    license: textOf(metadata, 'general.license'),
    contextLength,
    parameters: tensors.reduce((sum, tensor) => sum + tensor.values, 0),
    quantization: quantizationOf(metadata, tensors),
    hasChatTemplate: textOf(metadata, 'tokenizer.chat_template') !== null,
    fileBytes,
    tensorBytes: tensors.reduce((sum, tensor) => sum + tensor.bytes, 0),
    vocabularySize,
    embeddingLength,
    layers,
    cacheBytesPerToken: cacheBytes(metadata, architecture, layers, embeddingLength),
  };
}

/** Answers the size of the vocabulary; the special tokens must be in it. */
function checkVocabulary(metadata: Metadata): number {
  const tokens = metadata.get('tokenizer.ggml.tokens');
  const size = typeof tokens === 'object' ? tokens.length : 0;
  if (size < 1) throw problem('no-vocabulary', 'The file holds no vocabulary.');
  for (const [key, value] of metadata)
    if (
      /^tokenizer\.ggml\.\w+_token_id$/.test(key) &&
      (typeof value !== 'number' || value >= size) &&
      value !== 2 ** 32 - 1
    )
      throw problem('bad-vocabulary', 'A special token of the file is not in its vocabulary.', { key });
  for (const key of ['tokenizer.ggml.scores', 'tokenizer.ggml.token_type']) {
    const list = metadata.get(key);
    if (list !== undefined && (typeof list !== 'object' || list.length !== size))
      throw problem('bad-vocabulary', 'The lists of the vocabulary differ in length.', { key });
  }
  return size;
}

/** Keys and values of every layer; the counts may be given once or layer by layer. */
function cacheBytes(metadata: Metadata, architecture: string, layers: number, embeddingLength: number): number {
  const key = (name: string) => `${architecture}.attention.${name}`;
  const heads = perLayer(metadata, key('head_count'), layers, 1);
  const keyValueHeads = metadata.has(key('head_count_kv'))
    ? perLayer(metadata, key('head_count_kv'), layers, 1)
    : heads;
  const headLength = Math.ceil(embeddingLength / Math.max(1, ...heads));
  const keyLength = numberOf(metadata, key('key_length'), headLength, 1, 2 ** 16);
  const valueLength = numberOf(metadata, key('value_length'), headLength, 1, 2 ** 16);
  return keyValueHeads.reduce((sum, count) => sum + count * (keyLength + valueLength) * 2, 0);
}

function perLayer(metadata: Metadata, key: string, layers: number, fallback: number): number[] {
  const value = metadata.get(key);
  const counts =
    typeof value === 'object' ? (value.numbers ?? []) : Array.from({ length: layers }, () => value ?? fallback);
  if (counts.length < layers || !counts.every((count) => isWhole(count, 0, 65_536)))
    throw problem('bad-value', 'The file holds an impossible number.', { key });
  return counts;
}

function quantizationOf(metadata: Metadata, tensors: Tensor[]): string {
  const fileType = metadata.get('general.file_type');
  const named = typeof fileType === 'number' ? fileTypes.get(fileType) : undefined;
  if (named) return named;
  const bytes = new Map<string, number>();
  for (const tensor of tensors) bytes.set(tensor.type, (bytes.get(tensor.type) ?? 0) + tensor.bytes);
  return [...bytes].reduce((most, next) => (next[1] > most[1] ? next : most))[0];
}

const isWhole = (value: unknown, min: number, max: number): value is number =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

function numberOf(metadata: Metadata, key: string, fallback: number | null, min: number, max: number): number {
  const value = metadata.get(key) ?? fallback;
  if (value === null) throw problem('missing-value', 'The file lacks a number that every model has.', { key });
  if (!isWhole(value, min, max)) throw problem('bad-value', 'The file holds an impossible number.', { key });
  return value;
}

function textOf(metadata: Metadata, key: string): string | null {
  const value = metadata.get(key);
  return typeof value === 'string' && value !== '' ? value : null;
}
