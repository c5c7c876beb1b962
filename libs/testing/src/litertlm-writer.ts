import { Builder } from 'flatbuffers';

/** Sections of a LiteRT-LM package begin at multiples of this. */
const BLOCK = 16 * 1024;
/** Numbers of LiteRT-LM's schema: the kind `StringValue` of a value, the kind `TFLiteModel` of a section. */
const TEXT = 9;
const MODEL = 3;

export interface LitertlmSection {
  /** What LiteRT-LM calls `model_type`. */
  type: string;
  bytes: Uint8Array;
}

/** A `.litertlm` package, as LiteRT-LM's own builder writes one. */
export function encodeLitertlm(sections: readonly LitertlmSection[]): Buffer {
  let end = BLOCK;
  const placed = sections.map((section) => {
    const from = end;
    const to = from + section.bytes.length;
    end = Math.ceil(to / BLOCK) * BLOCK;
    return { ...section, from, to };
  });
  const header = headerOf(placed);
  const file = Buffer.alloc(placed.at(-1)?.to ?? BLOCK);
  file.write('LITERTLM', 0, 'latin1');
  file.writeUInt32LE(1, 8); // version 1.0.0
  file.writeBigUInt64LE(BigInt(32 + header.length), 24);
  file.set(header, 32);
  for (const { bytes, from } of placed) file.set(bytes, from);
  return file;
}

function headerOf(sections: readonly { type: string; from: number; to: number }[]): Uint8Array {
  const builder = new Builder(1024);
  const pair = (key: string, value: string) => {
    const [name, words] = [builder.createString(key), builder.createString(value)];
    builder.startObject(1);
    builder.addFieldOffset(0, words, 0);
    const held = builder.endObject();
    builder.startObject(3);
    builder.addFieldOffset(0, name, 0);
    builder.addFieldInt8(1, TEXT, 0);
    builder.addFieldOffset(2, held, 0);
    return builder.endObject();
  };
  const list = (items: readonly number[]) => {
    builder.startVector(4, items.length, 4);
    for (const item of items.toReversed()) builder.addOffset(item);
    return builder.endVector();
  };
  const table = (fields: number, write: () => void) => {
    builder.startObject(fields);
    write();
    return builder.endObject();
  };
  const objects = list(
    sections.map(({ type, from, to }) => {
      const items = list([pair('model_type', type)]);
      return table(4, () => {
        builder.addFieldOffset(0, items, 0);
        builder.addFieldInt64(1, BigInt(from), 0n);
        builder.addFieldInt64(2, BigInt(to), 0n);
        builder.addFieldInt8(3, MODEL, 0);
      });
    }),
  );
  const entries = list([pair('Authors', 'Parley')]);
  const system = table(1, () => builder.addFieldOffset(0, entries, 0));
  const all = table(1, () => builder.addFieldOffset(0, objects, 0));
  builder.finish(
    table(2, () => {
      builder.addFieldOffset(0, system, 0);
      builder.addFieldOffset(1, all, 0);
    }),
  );
  return builder.asUint8Array();
}
