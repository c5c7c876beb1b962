import { writeGguf, type GgufTensor, type GgufValue } from './gguf-writer.js';

/** What the sentence model says after any prompt. */
export const tinySentence = ' Hello from the tiny test model.';

export interface TinyGgufOptions {
  /**
   * `sentence` (default): says one fixed sentence after any prompt, then ends. `random`: random weights; its greedy
   * answers depend on the whole prompt, go on until maxTokens and do not fall into a loop for many hundreds of tokens.
   */
  kind?: 'sentence' | 'random';
  /** The words of the sentence model, each used once; characters beyond ASCII are said byte by byte. */
  words?: string[];
  /** Other weights of the random model. */
  seed?: number;
  /** Default 2048. */
  contextLength?: number;
  /** Width of the random model, a multiple of 32: larger is slower. Default 128. */
  width?: number;
  layers?: number;
  name?: string;
  /** null: none in the file. */
  chatTemplate?: string | null;
}

const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 };
const end = 2;
const headWidth = 32;
const roleTokens = ['<|system|>', '<|user|>', '<|assistant|>'];
const roleTemplate =
  "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{% endfor %}" +
  '{% if add_generation_prompt %}<|assistant|>{% endif %}';
const characters = ' abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?:;\'"-()\n{}[]_';

/** Writes a llama model of a few MB that a test can load in milliseconds, with no training and no download. */
export async function writeTinyGguf(file: string, options: TinyGgufOptions = {}): Promise<void> {
  const random = options.kind === 'random';
  const words = random ? syllables() : (options.words ?? [' Hello', ' from', ' the', ' tiny', ' test', ' model', '.']);
  const vocabulary = new Vocabulary(words);
  const model = random
    ? randomModel(vocabulary, options.width ?? 128, options.layers ?? 2, options.seed ?? 7)
    : sentenceModel(vocabulary, words);
  const template = options.chatTemplate === undefined ? roleTemplate : options.chatTemplate;
  await writeGguf(
    file,
    {
      'general.architecture': { string: 'llama' },
      'general.name': { string: options.name ?? (random ? 'tiny-random-llama' : 'tiny-test-llama') },
      'general.license': { string: 'apache-2.0' },
      'general.file_type': { u32: 0 },
      'llama.context_length': { u32: options.contextLength ?? 2048 },
      'llama.embedding_length': { u32: model.width },
      'llama.block_count': { u32: model.layers },
      'llama.feed_forward_length': { u32: model.hidden },
      'llama.rope.dimension_count': { u32: headWidth },
      'llama.attention.head_count': { u32: model.width / headWidth },
      'llama.attention.head_count_kv': { u32: model.width / headWidth },
      'llama.attention.layer_norm_rms_epsilon': { f32: 1e-5 },
      'llama.vocab_size': { u32: vocabulary.size },
      ...vocabulary.metadata(),
      ...(template !== null && { 'tokenizer.chat_template': { string: template } }),
    },
    model.tensors,
  );
}

/** A SentencePiece vocabulary: special tokens, all bytes, ASCII characters, then the model's own words. */
class Vocabulary {
  readonly #tokens: { text: string; score: number; type: number }[] = [];

  constructor(words: readonly string[]) {
    this.#add('<unk>', 0, tokenTypes.unknown);
    this.#add('<s>', 0, tokenTypes.control);
    this.#add('</s>', 0, tokenTypes.control);
    for (const role of roleTokens) this.#add(role, 0, tokenTypes.userDefined);
    for (let byte = 0; byte < 256; byte++) this.#add(byteToken(byte), 0, tokenTypes.byte);
    for (const word of [...characters, ...words]) {
      const ascii = [...word].every((character) => character.charCodeAt(0) < 128);
      if (ascii && this.id(word) < 0) this.#add(word.replaceAll(' ', '▁'), -this.size, tokenTypes.normal);
    }
    while (this.size % headWidth) this.#add(`<unused${this.size}>`, -999, tokenTypes.unused);
  }

  get size(): number {
    return this.#tokens.length;
  }

  id(word: string): number {
    return this.#tokens.findIndex(({ text }) => text === word.replaceAll(' ', '▁'));
  }

  /** The tokens that spell a word of the sentence. */
  spell(word: string): number[] {
    const whole = this.id(word);
    return whole >= 0 ? [whole] : [...Buffer.from(word)].map((byte) => this.id(byteToken(byte)));
  }

  metadata(): Record<string, GgufValue> {
    return {
      'tokenizer.ggml.model': { string: 'llama' },
      'tokenizer.ggml.tokens': { strings: this.#tokens.map(({ text }) => text) },
      'tokenizer.ggml.scores': { f32s: this.#tokens.map(({ score }) => score) },
      'tokenizer.ggml.token_type': { i32s: this.#tokens.map(({ type }) => type) },
      'tokenizer.ggml.bos_token_id': { u32: 1 },
      'tokenizer.ggml.eos_token_id': { u32: end },
      'tokenizer.ggml.unknown_token_id': { u32: 0 },
      'tokenizer.ggml.add_bos_token': { bool: true },
      'tokenizer.ggml.add_space_prefix': { bool: false },
    };
  }

  #add(text: string, score: number, type: number): void {
    this.#tokens.push({ text, score, type });
  }
}

interface TinyModel {
  width: number;
  hidden: number;
  layers: number;
  tensors: GgufTensor[];
}

/**
 * A token is one channel of the residual stream. Attention is silent; the feed-forward layer moves each token's
 * channel to that of its successor.
 */
function sentenceModel(vocabulary: Vocabulary, words: readonly string[]): TinyModel {
  const width = vocabulary.size;
  const said = words.flatMap((word) => vocabulary.spell(word));
  if (new Set(said).size !== said.length) throw new Error('Each token of the sentence can be used once only.');
  const successors = Array.from({ length: width }, () => said[0]!);
  said.forEach((token, place) => (successors[token] = said[place + 1] ?? end));

  const down = new Float32Array(width * width);
  successors.forEach((successor, token) => (down[successor * width + token] = 1));
  const zero = () => new Float32Array(width * width);
  return {
    width,
    hidden: width,
    layers: 1,
    tensors: llamaTensors(
      width,
      width,
      [{ q: zero(), k: zero(), v: zero(), o: zero(), gate: identity(width), up: identity(width), down }],
      {
        embeddings: identity(width).map((value) => value * 100),
        output: identity(width),
        size: width,
      },
    ),
  };
}

/**
 * Random attention and feed-forward weights; only the words can be said, never the end. The gains make attention so
 * sharp that each step looks at another place of the text, which keeps a greedy answer from running into a loop.
 */
function randomModel(vocabulary: Vocabulary, width: number, layers: number, seed: number): TinyModel {
  const hidden = width * 2;
  const next = randomNumbers(seed);
  const matrix = (rows: number, columns: number, gain: number) =>
    Float32Array.from({ length: rows * columns }, () => (next() * gain) / Math.sqrt(columns));
  const output = matrix(vocabulary.size, width, 4);
  const said = new Set(syllables().map((word) => vocabulary.id(word)));
  for (let token = 0; token < vocabulary.size; token++)
    if (!said.has(token)) output.fill(0, token * width, (token + 1) * width);
  return {
    width,
    hidden,
    layers,
    tensors: llamaTensors(
      width,
      hidden,
      Array.from({ length: layers }, () => ({
        q: matrix(width, width, 8),
        k: matrix(width, width, 8),
        v: matrix(width, width, 6),
        o: matrix(width, width, 6),
        gate: matrix(hidden, width, 3),
        up: matrix(hidden, width, 3),
        down: matrix(width, hidden, 3),
      })),
      { embeddings: matrix(vocabulary.size, width, 30), output, size: vocabulary.size },
    ),
  };
}

type Layer = Record<'q' | 'k' | 'v' | 'o' | 'gate' | 'up' | 'down', Float32Array>;

function llamaTensors(
  width: number,
  hidden: number,
  layers: Layer[],
  vocabulary: { embeddings: Float32Array; output: Float32Array; size: number },
): GgufTensor[] {
  const ones = new Float32Array(width).fill(1);
  const vector = (name: string, data: Float32Array) => ({ name, dimensions: [width], data });
  const matrix = (name: string, rows: number, columns: number, data: Float32Array) => ({
    name,
    dimensions: [columns, rows],
    data,
  });
  return [
    matrix('token_embd.weight', vocabulary.size, width, vocabulary.embeddings),
    vector('output_norm.weight', ones),
    matrix('output.weight', vocabulary.size, width, vocabulary.output),
    ...layers.flatMap((layer, index) => [
      vector(`blk.${index}.attn_norm.weight`, ones),
      matrix(`blk.${index}.attn_q.weight`, width, width, layer.q),
      matrix(`blk.${index}.attn_k.weight`, width, width, layer.k),
      matrix(`blk.${index}.attn_v.weight`, width, width, layer.v),
      matrix(`blk.${index}.attn_output.weight`, width, width, layer.o),
      vector(`blk.${index}.ffn_norm.weight`, ones),
      matrix(`blk.${index}.ffn_gate.weight`, hidden, width, layer.gate),
      matrix(`blk.${index}.ffn_up.weight`, hidden, width, layer.up),
      matrix(`blk.${index}.ffn_down.weight`, width, hidden, layer.down),
    ]),
  ];
}

function identity(size: number): Float32Array {
  const matrix = new Float32Array(size * size);
  for (let index = 0; index < size; index++) matrix[index * size + index] = 1;
  return matrix;
}

/** 20 × 5 × 3 made-up syllables, half of them beginning a word. */
function syllables(): string[] {
  const words: string[] = [];
  for (const first of 'bcdfghjklmnpqrstvwxz')
    for (const second of 'aeiou')
      for (const [place, last] of ['', 'n', 's'].entries())
        words.push(`${(words.length + place) % 2 ? '' : ' '}${first}${second}${last}`);
  return words;
}

const byteToken = (byte: number) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

/** Even in [-0.5, 0.5), the same on every machine. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}
