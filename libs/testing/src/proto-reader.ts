/** One field of a protobuf message, as it stands on the wire. */
export interface ProtoField {
  number: number;
  /** A number (varint), eight bytes as they are, or a length-delimited value. */
  value: bigint | Uint8Array;
}

/** The fields of a message, in order; of groups and 32-bit values nothing here knows. */
export function* protoFields(bytes: Uint8Array): Generator<ProtoField> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const key = Number(varint());
    const [number, type] = [key >> 3, key & 7];
    if (type === 0) yield { number, value: varint() };
    else if (type === 1) yield { number, value: take(8) };
    else if (type === 2) yield { number, value: take(Number(varint())) };
    else if (type === 5) take(4);
    else throw new Error(`Wire type ${type} is not known here.`);
  }
}
