import { DomainError } from '@app/kernel';
import { encodeLitertlm } from '@app/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bytes, mediaPipeBase } from './lora.fixture.js';
import { readMediaPipeBase } from './mediapipe-base.js';

const model = mediaPipeBase();
const other = { type: 'tf_lite_prefill_decode', bytes: Buffer.from('of a phone') };
const web = { type: 'tf_lite_artisan_text_decoder', bytes: model };

describe('a .litertlm package', () => {
  it('is the model for browsers in it, wherever that lies', async () => {
    const alone = await readMediaPipeBase(new Bytes(model));
    for (const sections of [[web], [other, web], [web, other]])
      expect(await readMediaPipeBase(new Bytes(encodeLitertlm(sections)))).toEqual(alone);
  });

  it('is refused where it holds none', async () => {
    for (const sections of [[], [other]])
      await expect(readMediaPipeBase(new Bytes(encodeLitertlm(sections)))).rejects.toMatchObject({
        code: 'explore.adapter-litertlm',
      });
  });

  it('is refused, whatever byte of its header is wrong, or read as it was', async () => {
    const file = encodeLitertlm([other, web]);
    const right = await readMediaPipeBase(new Bytes(file));
    await fc.assert(
      fc.asyncProperty(fc.nat(400), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const wrong = Buffer.from(file);
        wrong[at] = wrong[at]! ^ change;
        const outcome = await readMediaPipeBase(new Bytes(wrong)).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DomainError);
        else expect(outcome).toEqual(right);
      }),
      { numRuns: 300 },
    );
    await expect(readMediaPipeBase(new Bytes(file.subarray(0, 40_000)))).rejects.toBeInstanceOf(DomainError);
  });
});
