import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../errors.js';
import { webModelIn } from './web-model.js';

/** Of a package with a model for phones at 16 KiB and one for browsers at 32 KiB, as `encodeLitertlm` of libs/testing makes it. */
const header = Buffer.from(
  'TElURVJUTE0BAAAAAAAAAAAAAAAAAAAAoAEAAAAAAAAMAAAACAAMAAgABAAIAAAACAAAAAwAAADS/v//RAAAANr+//8EAAAAAQAA' +
    'AAQAAACS////DAAAAAAAAAkYAAAA+v7//wQAAAAGAAAAUGFybGV5AAAHAAAAQXV0aG9ycwACAAAAnAAAABAAAAAMABwAGAAQAAgA' +
    'BwAMAAAAAAAAAwmAAAAAAAAAAIAAAAAAAAAEAAAAAQAAABAAAAAAAAoAEAAMAAsABAAKAAAADAAAAAAAAAkwAAAAcv///wQAAAAc' +
    'AAAAVEZfTElURV9BUlRJU0FOX1RFWFRfREVDT0RFUgAAAAAKAAAAbW9kZWxfdHlwZQAADAAgABwAEAAIAAcADAAAAAAAAAMKQAAA' +
    'AAAAAABAAAAAAAAAAAAAAAQAAAABAAAAEAAAAAAACgASAAwACwAEAAoAAAAUAAAAAAAACTAAAAAAAAYACAAEAAYAAAAEAAAAFgAA' +
    'AHRmX2xpdGVfcHJlZmlsbF9kZWNvZGUAAAoAAABtb2RlbF90eXBlAAA=',
  'base64',
);
const model = 'the model';

function packed(change: (bytes: Uint8Array<ArrayBuffer>) => void = () => undefined): Blob {
  const bytes = new Uint8Array(32_768 + model.length);
  bytes.set(header);
  bytes.set(new TextEncoder().encode(model), 32_768);
  change(bytes);
  return new Blob([bytes]);
}

describe('a model for browsers', () => {
  it('is found in its package, behind other models', async () => {
    expect(await (await webModelIn(packed())).text()).toBe(model);
  });

  it('is the file itself where that is no package', async () => {
    for (const text of ['', 'LITERT', '\0\0\0\0TFL3 and much more than thirty-two bytes'])
      expect(await (await webModelIn(new Blob([text]))).text()).toBe(text);
  });

  it('is missed where the package holds none, or is cut before it', async () => {
    const at = header.indexOf('ARTISAN');
    for (const wrong of [packed((bytes) => (bytes[at] = 0x42)), packed().slice(0, 32_770), packed().slice(0, 100)])
      await expect(webModelIn(wrong)).rejects.toMatchObject({ code: 'engine.wrong-format' });
  });

  it('is found or refused, whatever byte of the header is wrong', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 8, max: header.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const wrong = packed((bytes) => (bytes[at] = bytes[at]! ^ by));
          const outcome = await webModelIn(wrong).catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(EngineError);
          else expect((outcome as Blob).size).toBeLessThanOrEqual(wrong.size);
        },
      ),
      { numRuns: 300 },
    );
  });
});
