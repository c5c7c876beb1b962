import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { gatherWrites } from './gather-writes.js';

/** A socket that notes each system call that a real one would make. */
class Socket extends Duplex {
  readonly calls: string[] = [];
  release: () => void = () => undefined;
  constructor(private readonly slow = false) {
    super({ highWaterMark: 8 });
  }
  override _read(): void {}
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.#call(String(chunk), done);
  }
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#call(chunks.map(({ chunk }) => String(chunk)).join('+'), done);
  }
  #call(text: string, done: () => void): void {
    this.calls.push(text);
    if (this.slow) this.release = done;
    else done();
  }
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('gathered writes', () => {
  it('makes one call of what is written in one moment, in order', async () => {
    const socket = new Socket();
    gatherWrites(socket);
    for (const frame of ['a', 'b', 'c']) socket.write(frame);
    expect(socket.calls).toEqual([]);
    await soon();
    socket.write('d');
    await soon();
    expect(socket.calls).toEqual(['a+b+c', 'd']);
  });

  it('says when there is too much, and when there is room again', async () => {
    const socket = new Socket(true);
    gatherWrites(socket);
    let drained = false;
    socket.on('drain', () => (drained = true));
    expect(socket.write('1234')).toBe(true);
    expect(socket.write('5678')).toBe(false);
    await soon();
    expect(drained).toBe(false);
    socket.release();
    await soon();
    expect([drained, socket.calls]).toEqual([true, ['1234+5678']]);
  });

  it('writes what is there before the end, and tells whoever waits for a write', async () => {
    const socket = new Socket();
    gatherWrites(socket);
    let written = false;
    socket.write('a', () => (written = true));
    socket.end('b');
    await soon();
    expect([written, socket.calls]).toEqual([true, ['a+b']]);
  });

  it('breaks nothing when the socket is gone at once', async () => {
    const socket = new Socket();
    socket.on('error', () => undefined);
    gatherWrites(socket);
    socket.write('a');
    socket.destroy();
    await soon();
    expect(socket.calls).toEqual([]);
  });
});
