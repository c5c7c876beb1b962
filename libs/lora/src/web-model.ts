import type { ByteSource } from '@app/gguf';
import { FlatTable } from './flat-table.js';
import { problem } from './problem.js';
import { readExactly } from './read-exactly.js';

/** LiteRT-LM's header is padded to 16 KiB; a larger one is not read. */
const maxHeaderBytes = 2 ** 20;
const maxEntries = 1024;
/** Number of `StringValue` among LiteRT-LM's kinds of values. */
const text = 9;
/** The section of a `.litertlm` file that MediaPipe runs on WebGPU: a whole "TFL3" file. */
const webModelType = 'tf_lite_artisan_text_decoder';

/**
 * The "TFL3" file in a `.litertlm` package made for browsers, or the file itself where it is no package. MediaPipe reads
 * such a package in the same way, adapters included. Throws `explore.adapter-litertlm` where it holds none.
 */
export async function webModelIn(source: ByteSource): Promise<ByteSource> {
  if (source.size < 32) return source;
  const start = await readExactly(source, 0, 32);
  if (Buffer.from(start).toString('latin1', 0, 8) !== 'LITERTLM') return source;
  const end = new DataView(start.buffer, start.byteOffset).getBigUint64(24, true);
  if (end <= 32n || end > BigInt(Math.min(maxHeaderBytes, source.size))) throw malformed();
  const header = FlatTable.root(await readExactly(source, 32, Number(end) - 32));
  for (const section of header.table(1)?.tables(0, maxEntries) ?? []) {
    const isModel = section
      .tables(0, maxEntries)
      .some(
        (item) =>
          item.string(0) === 'model_type' &&
          item.int8(1) === text &&
          item.table(2)?.string(0).toLowerCase() === webModelType,
      );
    if (!isModel) continue;
    const [from, to] = [section.uint64(1), section.uint64(2)];
    if (from >= to || to > source.size) throw malformed();
    return {
      size: to - from,
      read: (at, length) => source.read(from + at, Math.max(0, Math.min(length, to - from - at))),
    };
  }
  throw problem('litertlm', 'The .litertlm package holds no model for browsers; those are named “-web”.');
}

const malformed = () => problem('bad-header', 'The head of the file is malformed.');
