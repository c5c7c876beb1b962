import { Builder } from 'flatbuffers';

const HEAD_BYTES = 2 ** 20;
/** A kind of model (Falcon) that takes no adapters: nothing but its head is then looked at. */
const FALCON = 5;

/** The first MiB of a model for browsers in MediaPipe's own form; whatever follows are its weights. */
export function webModelHead() {
  const builder = new Builder(1024);
  const table = (fields, write) => {
    builder.startObject(fields);
    write();
    return builder.endObject();
  };
  const list = (items) => {
    builder.startVector(4, items.length, 4);
    for (const item of items.toReversed()) builder.addOffset(item);
    return builder.endVector();
  };
  const entry = (text, buffer) => {
    const name = builder.createString(text);
    return table(2, () => {
      builder.addFieldOffset(0, name, 0);
      builder.addFieldInt32(1, buffer, 0);
    });
  };
  const metadata = list([entry('odml.infra.proto.LlmParameters', 1), entry('odml.infra.LlmModelType', FALCON)]);
  const parameters = table(3, () => {
    builder.addFieldInt64(1, BigInt(HEAD_BYTES - 64), 0n);
    builder.addFieldInt64(2, 8n, 0n);
  });
  const buffers = list([table(3, () => undefined), parameters]);
  const subgraphs = list([table(5, () => undefined)]);
  builder.finish(
    table(7, () => {
      builder.addFieldInt32(0, 3, 0);
      builder.addFieldOffset(2, subgraphs, 0);
      builder.addFieldOffset(4, buffers, 0);
      builder.addFieldOffset(6, metadata, 0);
    }),
    'TFL3',
  );
  const head = Buffer.alloc(HEAD_BYTES);
  head.set(builder.asUint8Array());
  return head;
}
