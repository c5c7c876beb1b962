import { limits } from './limits.js';
import { problem } from './problem.js';

const malformed = () => problem('bad-header', 'The head of the file is malformed.');

/** A table of a flatbuffer from a stranger: every step is checked, so that no offset leads out of `view`. */
export class FlatTable {
  private constructor(
    private readonly view: DataView,
    private readonly at: number,
  ) {}

  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, follow(view, 0));
  }

  int32(field: number): number {
    const at = this.#field(field);
    return at === null ? 0 : read(this.view, at, 4, () => this.view.getInt32(at, true));
  }

  int8(field: number): number {
    const at = this.#field(field);
    return at === null ? 0 : read(this.view, at, 1, () => this.view.getInt8(at));
  }

  /** A place in the file. Throws where a JavaScript number would lose digits. */
  uint64(field: number): number {
    const at = this.#field(field);
    const value = at === null ? 0n : read(this.view, at, 8, () => this.view.getBigUint64(at, true));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed();
    return Number(value);
  }

  string(field: number): string {
    const at = this.#field(field);
    if (at === null) return '';
    const start = follow(this.view, at);
    const length = u32(this.view, start);
    if (length > limits.nameBytes) throw malformed();
    return read(this.view, start + 4, length, () =>
      new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + start + 4, length)),
    );
  }

  /** Null where the field is left out. */
  table(field: number): FlatTable | null {
    const at = this.#field(field);
    return at === null ? null : new FlatTable(this.view, follow(this.view, at));
  }

  int32s(field: number, maxLength: number): number[] {
    return this.#vector(field, maxLength).map((at) => this.view.getInt32(at, true));
  }

  tables(field: number, maxLength: number): FlatTable[] {
    return this.#vector(field, maxLength).map((at) => new FlatTable(this.view, follow(this.view, at)));
  }

  /** Where each item stands. */
  #vector(field: number, maxLength: number): number[] {
    const at = this.#field(field);
    if (at === null) return [];
    const start = follow(this.view, at);
    const length = u32(this.view, start);
    if (length > maxLength) throw problem('too-many-tensors', 'The file holds too many entries.', { limit: maxLength });
    return read(this.view, start + 4, length * 4, () => Array.from({ length }, (_, item) => start + 4 + item * 4));
  }

  #field(field: number): number | null {
    const table = this.at - read(this.view, this.at, 4, () => this.view.getInt32(this.at, true));
    const size = read(this.view, table, 2, () => this.view.getUint16(table, true));
    const entry = 4 + field * 2;
    if (entry + 2 > size) return null;
    const offset = read(this.view, table + entry, 2, () => this.view.getUint16(table + entry, true));
    return offset === 0 ? null : this.at + offset;
  }
}

function read<T>(view: DataView, at: number, bytes: number, get: () => T): T {
  if (at < 0 || at + bytes > view.byteLength) throw malformed();
  return get();
}

const u32 = (view: DataView, at: number) => read(view, at, 4, () => view.getUint32(at, true));
const follow = (view: DataView, at: number) => at + u32(view, at);
