import type { GgufLimits } from './limits.js';
import { problem } from './problem.js';

/** Where bytes come from: a file, or a buffer in tests. Answers fewer bytes than asked for only at the end. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

const windowBytes = 256 * 1024;

/** Reads a header front to back through a window, so that a value is never larger in memory than its limit. */
export class HeaderReader {
  #window: DataView = new DataView(new ArrayBuffer(0));
  #bytes: Uint8Array = new Uint8Array(0);
  #windowStart = 0;
  #position = 0;

  constructor(
    private readonly source: ByteSource,
    private readonly limits: GgufLimits,
  ) {}

  get position(): number {
    return this.#position;
  }

  async u8(): Promise<number> {
    const at = await this.#take(1);
    return this.#window.getUint8(at);
  }

  async u32(): Promise<number> {
    const at = await this.#take(4);
    return this.#window.getUint32(at, true);
  }

  /** A count, length or offset: refused where a JavaScript number would lose digits. */
  async u64(): Promise<number> {
    const at = await this.#take(8);
    const value = this.#window.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw problem('number-too-large', 'The file holds a number too large.');
    return Number(value);
  }

  /** A text of at most `maxBytes`, of which only the first `keptBytes` are kept. */
  async string(maxBytes: number, keptBytes = maxBytes): Promise<string> {
    const length = await this.u64();
    if (length > maxBytes)
      throw problem('string-too-long', 'The file holds a text that is too long.', { length, limit: maxBytes });
    const kept = Math.min(length, keptBytes);
    const at = await this.#take(kept);
    const text = new TextDecoder().decode(this.#bytes.subarray(at, at + kept));
    this.skip(length - kept);
    return text;
  }

  /** Passes over strings without keeping them; most of a header is this, so it waits once a window only. */
  async skipStrings(count: number): Promise<void> {
    for (let skipped = 0; skipped < count; skipped++) {
      let at = this.#position - this.#windowStart;
      if (at + 8 > this.#bytes.length) at = await this.#take(8);
      else this.#position += 8;
      const length = this.#window.getUint32(at, true);
      if (length > this.limits.stringBytes || this.#window.getUint32(at + 4, true) !== 0)
        throw problem('string-too-long', 'The file holds a text that is too long.');
      this.skip(length);
    }
  }

  async bytes(length: number): Promise<DataView> {
    const at = await this.#take(length);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, length);
  }

  skip(length: number): void {
    this.#check(length);
    this.#position += length;
  }

  /** Makes `length` bytes present and answers where they start in the window. */
  async #take(length: number): Promise<number> {
    this.#check(length);
    const offset = this.#position - this.#windowStart;
    this.#position += length;
    if (offset >= 0 && offset + length <= this.#bytes.length) return offset;
    const start = this.#position - length;
    const wanted = Math.min(Math.max(windowBytes, length), this.source.size - start);
    const bytes = await this.source.read(start, wanted);
    if (bytes.length < length) throw truncated();
    this.#bytes = bytes;
    this.#window = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#windowStart = start;
    return 0;
  }

  #check(length: number): void {
    const end = this.#position + length;
    if (end > this.source.size) throw truncated();
    if (end > this.limits.headerBytes) throw problem('header-too-large', 'The header of the file is too large.');
  }
}

const truncated = () => problem('truncated', 'The file ends in the middle of its header.');
