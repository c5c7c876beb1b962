import { describe, expect, it } from 'vitest';
import { detectAdapterFile } from './file-kind.js';
import { Bytes, ggufBase, madeUpdate, mediaPipeBase, safetensorsOf } from './lora.fixture.js';

const detect = (bytes: Uint8Array) => detectAdapterFile(new Bytes(bytes));
const padded = (start: string) => Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(64)]);

describe('what a file is', () => {
  it.each([
    ['gguf', ggufBase('llama')],
    ['safetensors', safetensorsOf([madeUpdate(0, 'q')])],
    ['mediapipe', mediaPipeBase()],
  ])('is told by its content: %s', async (kind, bytes) => {
    expect(await detect(bytes)).toBe(kind);
  });

  it.each([
    ['pickle', padded('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.')],
    ['pickle', padded('\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x08builtins')],
    ['pickle', padded('\x80\x05')],
    ['pickle', padded("(dp0\nS'a'\n")],
    ['pickle', padded('cposix\nsystem\n(')],
    [
      'pickle',
      padded(
        'PK\x03\x04\x00\x00\x08\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x12\x00archive/data.pkl',
      ),
    ],
    ['archive', padded('PK\x03\x04\x14\x00\x00\x00adapter_config.json')],
    ['archive', padded('PK\x05\x06')],
    ['archive', padded('\x00\x00\x00\x00PK\x03\x04')],
    ['archive', padded('\x1f\x8b\x08')],
    ['archive', padded('7z\xbc\xaf\x27\x1c')],
    ['archive', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\x0000'), Buffer.alloc(300)])],
    ['litertlm', padded('LITERTLM')],
    ['unknown-format', padded('<!doctype html>')],
    ['unknown-format', padded('{"message": "not found"}')],
    ['unknown-format', Buffer.alloc(0)],
    ['unknown-format', Buffer.from('GGUF')],
    ['unknown-format', Buffer.alloc(1024)],
  ])('is refused as %s', async (code, bytes) => {
    await expect(detect(bytes)).rejects.toMatchObject({ kind: 'invalid', code: `explore.adapter-${code}` });
  });
});
