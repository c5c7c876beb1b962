import type { ByteSource } from '@app/gguf';

/** Bytes that come once, front to back, for a reader that goes forward: nothing before its last window is kept. */
export class ForwardBytes implements ByteSource {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private kept = Buffer.alloc(0);
  /** Where `kept` begins. */
  private start = 0;

  constructor(
    chunks: AsyncIterable<Uint8Array>,
    /** Of the whole file. */
    readonly size: number,
  ) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset < this.start) throw new RangeError('These bytes have passed.');
    const parts: Buffer[] = [];
    let from = this.start;
    let held = 0;
    const take = (chunk: Buffer) => {
      const useful = chunk.subarray(Math.max(0, Math.min(chunk.length, offset - from)));
      from += chunk.length;
      if (useful.length === 0) return;
      // A source may use the memory of a chunk again.
      parts.push(Buffer.from(useful));
      held += useful.length;
    };
    take(this.kept);
    while (held < length) {
      const { value, done } = await this.chunks.next();
      if (done) break;
      take(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    }
    this.kept = Buffer.concat(parts);
    this.start = from - held;
    return this.kept.subarray(0, length);
  }
}
