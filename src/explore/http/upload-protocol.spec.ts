import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { UPLOAD_PIECE_BYTES } from '../contracts/index.js';
import { fileNameIn, piecesOf, readNumber } from './upload-protocol.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the headers of an upload', () => {
  it.each([
    [`filename ${base64('lora.gguf')}`, 'lora.gguf'],
    [`kind eA==, filename ${base64('ünï.bin')}`, 'ünï.bin'],
    [`filename ${base64('../../etc/passwd')}`, 'passwd'],
    [`filename ${base64('C:\\Users\\me\\a.zip')}`, 'a.zip'],
    [`filename ${base64('a\u0000b\nc')}`, 'abc'],
    ['filename', ''],
    [undefined, ''],
  ])('name the file: %s', (metadata, name) => {
    expect(fileNameIn(metadata)).toBe(name);
  });

  it('say counts of bytes, or are refused', () => {
    expect(readNumber({ 'upload-length': '12' }, 'upload-length')).toBe(12);
    for (const value of [undefined, '', '-1', '1.5', 'many', '1e400', '9007199254740993'])
      expect(() => readNumber({ 'upload-length': value }, 'upload-length')).toThrow(
        expect.objectContaining({ code: 'explore.upload-headers' }),
      );
  });
});

describe('the pieces of a body', () => {
  const collect = async (body: Readable, mostBytes = 2 ** 30) => {
    const sizes: number[] = [];
    for await (const piece of piecesOf(body, mostBytes)) sizes.push(piece.length);
    return sizes;
  };

  it('are of one size but the last, however the bytes come', async () => {
    const chunks = [10, UPLOAD_PIECE_BYTES * 2, 5].map((size) => Buffer.alloc(size));
    expect(await collect(Readable.from(chunks))).toEqual([UPLOAD_PIECE_BYTES, UPLOAD_PIECE_BYTES, 15]);
    expect(await collect(Readable.from([]))).toEqual([]);
    expect(await collect(Readable.from([Buffer.alloc(5)]), 3)).toEqual([4, 1]);
  });

  it('hold what had come when the connection was cut', async () => {
    async function* cut() {
      yield Buffer.alloc(7);
      throw new Error('aborted');
    }
    expect(await collect(Readable.from(cut()))).toEqual([7]);
  });
});
