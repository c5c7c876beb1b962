import { EngineError } from '../errors.js';
import { Table } from './flat-table.js';

/** Padded to 16 KiB by those who make them; a larger one is not read. */
const MOST_HEADER_BYTES = 2 ** 20;
/** Number of `StringValue` among LiteRT-LM's kinds of values. */
const TEXT = 9;
const WEB_MODEL = 'tf_lite_artisan_text_decoder';

/**
 * The "TFL3" file in a `.litertlm` package that was made for browsers, or the file itself where it is no package. The
 * library would look for it in the same way; it is done here so that the file is checked like any other before the library
 * sees it. Throws `engine.wrong-format`.
 */
export async function webModelIn(file: Blob): Promise<Blob> {
  const wrong = (reason: string) => new EngineError('engine.wrong-format', reason);
  const start = new DataView(await file.slice(0, 32).arrayBuffer());
  if (start.byteLength < 32 || new TextDecoder().decode(new Uint8Array(start.buffer, 0, 8)) !== 'LITERTLM') return file;
  const end = Number(start.getBigUint64(24, true));
  if (end <= 32 || end > Math.min(MOST_HEADER_BYTES, file.size)) throw wrong('the header of the package');
  try {
    const header = Table.root(new DataView(await file.slice(32, end).arrayBuffer()));
    for (const section of header.table(1)?.tables(0) ?? []) {
      const isModel = section
        .tables(0)
        .some(
          (item) =>
            item.string(0) === 'model_type' &&
            item.uint8(1) === TEXT &&
            item.table(2)?.string(0).toLowerCase() === WEB_MODEL,
        );
      if (!isModel) continue;
      const [from, to] = [section.uint64(1), section.uint64(2)];
      if (from >= to || to > file.size) throw wrong('the package is shorter than its sections');
      return file.slice(from, to);
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw wrong(String(error));
  }
  throw wrong('a package without a model for browsers');
}
