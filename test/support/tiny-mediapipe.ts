import { encodeTfl3Head, paddingAfter, type Tfl3Tensor } from '@app/lora';
import { encodeSafetensors } from '@app/testing';

/** What the model says after any prompt, and the word that an adapter can put in the place of the first one. */
const sentence = [' Hello', ' from', ' the', ' tiny', ' browser', ' model', '.'];
export const otherWord = ' Bonjour';

const spelled = (word: string) => word.replaceAll(' ', '▁');
const characters = '▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?:;\'"-()';
const types = { normal: 1, unknown: 2, control: 3, userDefined: 4, byte: 6 };
const eos = 1;
const headWidth = 64;

const vocabulary = makeVocabulary();
const width = vocabulary.length;
export const tokenOf = (word: string) => vocabulary.findIndex(({ text }) => text === spelled(word));
export const tinyMediaPipeSizes = { width, headWidth, firstWord: tokenOf(sentence[0]!), otherWord: tokenOf(otherWord) };

/**
 * A Gemma of one layer in MediaPipe's own form, 1.7 MB: a token is one channel, attention is silent, and the
 * feed-forward layer moves each token's channel to that of its successor. `endless`: it says its sentence again and again.
 */
export function tinyMediaPipeModel({ endless = false } = {}): Buffer {
  const weights = [
    ...matrix('params.lm.softmax.logits_ffn.w', width, width, diagonal(5)),
    vector('params.lm.final_ln.scale'),
    ...layer('params.lm.transformer.x_layers_0.', endless ? tokenOf(sentence[0]!) : eos),
  ];
  const head = encodeTfl3Head(
    weights.map(({ tensor }) => tensor),
    [
      { name: 'odml.infra.proto.LlmParameters', value: parameters() },
      { name: 'odml.infra.LlmModelType', value: 6 },
      { name: 'backend', value: Buffer.from('gpu') },
      { name: 'spm_vocab_model', value: sentencePiece() },
    ],
  );
  return Buffer.concat([head, ...weights.flatMap(({ data }) => [data, paddingAfter(data.length)])]);
}

const filled = (size: number, values: Record<number, number>) => {
  const numbers = new Float32Array(size);
  for (const [at, value] of Object.entries(values)) numbers[Number(at)] = value;
  return numbers;
};

/**
 * A PEFT adapter that turns the first word into the other one: any token makes v say one number, which o turns into the
 * other word and against the first one. Scale 8 / 4 = 2.
 */
export function tinyBrowserAdapter(): { config: string; weights: Buffer } {
  const { firstWord, otherWord: other } = tinyMediaPipeSizes;
  const a = new Float32Array(4 * width);
  a.fill(1 / Math.sqrt(width), 0, width);
  const tensor = (name: string, shape: number[], data: Float32Array) => ({
    name: `base_model.model.model.layers.0.self_attn.${name}.weight`,
    shape,
    dtype: 'F32' as const,
    data,
  });
  const weights = encodeSafetensors([
    tensor('v_proj.lora_A', [4, width], a),
    tensor('v_proj.lora_B', [headWidth, 4], filled(headWidth * 4, { 0: 0.5 })),
    tensor('o_proj.lora_A', [4, headWidth], filled(4 * headWidth, { 0: 1 })),
    tensor('o_proj.lora_B', [width, 4], filled(width * 4, { [other * 4]: 12.5, [firstWord * 4]: -12.5 })),
  ]);
  const config = { peft_type: 'LORA', r: 4, lora_alpha: 8, target_modules: ['v_proj', 'o_proj'], bias: 'none' };
  return { config: JSON.stringify(config), weights };
}

interface Weight {
  tensor: Tfl3Tensor;
  data: Uint8Array;
}

function layer(prefix: string, last: number): Weight[] {
  const successors = vocabulary.map(() => tokenOf(sentence[0]!));
  sentence.forEach(
    (word, at) => (successors[tokenOf(word)] = at + 1 < sentence.length ? tokenOf(sentence[at + 1]!) : last),
  );
  successors[tokenOf(otherWord)] = tokenOf(sentence[1]!);
  const down = new Float32Array(width * width);
  successors.forEach((next, token) => {
    down[next * width + token] = 1;
    // The other word is close behind, so that a small push is enough.
    if (next === tokenOf(sentence[0]!)) down[tokenOf(otherWord) * width + token] = 0.9;
  });
  const silent = new Float32Array(headWidth * width);
  return [
    vector(`${prefix}pre_layer_norm.scale`),
    vector(`${prefix}ff_layer.pre_layer_norm.scale`),
    ...['q', 'k', 'v'].flatMap((name) => matrix(`${prefix}self_attention.${name}.w`, headWidth, width, silent)),
    ...matrix(`${prefix}self_attention.post.w`, width, headWidth, silent),
    ...matrix(`${prefix}ff_layer.ffn_layer1.w`, width, width, diagonal(1)),
    ...matrix(`${prefix}ff_layer.ffn_layer1_gate.w`, width, width, diagonal(1)),
    ...matrix(`${prefix}ff_layer.ffn_layer2.w`, width, width, down),
  ];
}

function diagonal(value: number): Float32Array {
  const values = new Float32Array(width * width);
  for (let at = 0; at < width; at++) values[at * width + at] = value;
  return values;
}

const vector = (name: string): Weight => ({
  tensor: { name, shape: [width], type: 'F32', bytes: width * 4 },
  data: new Uint8Array(width * 4),
});

/** Bytes around 128 with one scale a row, in blocks of four by four. */
function matrix(name: string, rows: number, columns: number, values: Float32Array): Weight[] {
  const bytes = new Uint8Array(rows * columns);
  const scales = Buffer.alloc(rows * 4);
  for (let row = 0; row < rows; row++) {
    const numbers = values.subarray(row * columns, (row + 1) * columns);
    const scale = Math.max(1e-8, ...numbers.map(Math.abs)) / 127;
    scales.writeFloatLE(scale, row * 4);
    numbers.forEach((value, column) => {
      const block = (column >> 2) * (rows >> 2) + (row >> 2);
      bytes[block * 16 + (column & 3) * 4 + (row & 3)] = Math.round(value / scale) + 128;
    });
  }
  return [
    { tensor: { name, shape: [rows, columns], type: 'INT8', bytes: bytes.length }, data: bytes },
    { tensor: { name: `${name}_quantized_scale`, shape: [rows], type: 'F32', bytes: scales.length }, data: scales },
  ];
}

function makeVocabulary(): { text: string; score: number; type: number }[] {
  const pieces = [
    { text: '<pad>', score: 0, type: types.control },
    { text: '<eos>', score: 0, type: types.control },
    { text: '<bos>', score: 0, type: types.control },
    { text: '<unk>', score: 0, type: types.unknown },
    { text: '<start_of_turn>', score: 0, type: types.userDefined },
    { text: '<end_of_turn>', score: 0, type: types.userDefined },
  ];
  for (let byte = 0; byte < 256; byte++)
    pieces.push({ text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, score: 0, type: types.byte });
  const known = new Set(pieces.map(({ text }) => text));
  for (const text of [...characters, ...sentence.map(spelled), spelled(otherWord)])
    if (!known.has(text)) {
      known.add(text);
      pieces.push({ text, score: -known.size, type: types.normal });
    }
  while (pieces.length % 64) pieces.push({ text: `<unused${pieces.length}>`, score: -1000, type: types.normal });
  return pieces;
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const number = (field: number, value: number) => Buffer.from([...varint(field * 8), ...varint(value)]);
const float = (field: number, value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([Buffer.from(varint(field * 8 + 5)), bytes]);
};
const bytes = (field: number, ...parts: (Buffer | string)[]) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(body.length)]), body]);
};
const numbers = (values: Record<number, number>) =>
  Object.entries(values).map(([field, value]) => number(Number(field), value));

/** odml.infra.proto.LlmParameters; the fields are named in MediaPipe's llm_params.proto and transformer_params.proto. */
function parameters(): Buffer {
  const transformer = [
    ...numbers({ 1: 1, 2: 0, 3: width, 4: width, 5: headWidth, 6: 1, 7: 1, 9: 1 }),
    bytes(11, ...numbers({ 1: 1, 2: 1, 3: 2, 4: 1 })),
    bytes(12, number(1, 1)),
    ...numbers({ 13: 2, 14: 1, 15: 2 }),
    bytes(16, ...numbers({ 1: 1, 2: 1, 3: 1, 5: 2 })),
    number(18, 1),
  ];
  return Buffer.concat([
    bytes(1, ...transformer),
    ...numbers({ 2: width, 4: 2 }),
    bytes(5, '<eos>'),
    bytes(5, '<end_of_turn>'),
  ]);
}

/** A SentencePiece ModelProto: the pieces, how it was trained (BPE with bytes), how texts are normalised (not at all). */
function sentencePiece(): Buffer {
  const pieces = vocabulary.map(({ text, score, type }) => bytes(1, bytes(1, text), float(2, score), number(3, type)));
  const trainer = numbers({ 3: 2, 4: width, 35: 1, 40: 3, 41: 2, 42: 1, 43: 0 });
  return Buffer.concat([
    ...pieces,
    bytes(2, ...trainer),
    bytes(3, bytes(1, 'identity'), ...numbers({ 3: 0, 4: 0, 5: 1 })),
  ]);
}
