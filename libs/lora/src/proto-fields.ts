import { problem } from './problem.js';

/** The last value of each field of a protocol buffer message: numbers, or bytes of texts and inner messages. */
export function readFields(message: Uint8Array): Map<number, number | Uint8Array> {
  const fields = new Map<number, number | Uint8Array>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw malformed();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw malformed();
  };
  const bytes = (length: number): Uint8Array => {
    if (length > message.length - at) throw malformed();
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === 0) fields.set(field, varint());
    else if (wireType === 2) fields.set(field, bytes(varint()));
    else if (wireType === 1 || wireType === 5) bytes(wireType === 1 ? 8 : 4);
    else throw malformed();
  }
  return fields;
}

const malformed = () => problem('base-invalid', 'The parameters of the model are malformed.');
