import { createHash } from 'node:crypto';
import { newId } from '@app/kernel';
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import type { BrowserRun } from '../contracts/index.js';
import { checkProof } from './browser-proof.js';

const messageId = newId();
const text = 'Hello, wörld';
const run: BrowserRun = {
  ...{ runtime: 'mediapipe', model: 'tiny', modelDigest: 'a'.repeat(64), adapterDigests: [], finishReason: 'stop' },
  sampler: { temperature: 0, topP: 1, topK: 1, minP: 0, seed: 1, maxTokens: 10 },
  ...{ promptTokens: 3, completionTokens: 2, timeToFirstTokenMs: 5, tokensPerSecond: 9 },
  ...{ startedAt: '2026-11-21T10:00:00.000Z', finishedAt: '2026-11-21T10:00:01.000Z' },
};

async function signed(change: object = {}, header: object = {}) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const { modelDigest, adapterDigests, startedAt, finishedAt } = run;
  const textSha256 = createHash('sha256').update(text).digest('hex');
  const payload = { answer: messageId, textSha256, modelDigest, adapterDigests, startedAt, finishedAt, ...change };
  const proof = await new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', jwk, ...header })
    .sign(privateKey);
  return { proof, jwk };
}
const refusal = (proof: string, over: Partial<Parameters<typeof checkProof>[1]> = {}) =>
  checkProof(proof, { messageId, text, run, ...over }).then(
    () => null,
    (error: { code: string }) => error.code,
  );

describe('what a browser signs of its answer', () => {
  it('tells the key of the browser', async () => {
    const { proof, jwk } = await signed();
    expect(await checkProof(proof, { messageId, text, run })).toBe(await calculateJwkThumbprint(jwk));
  });

  it('holds for that text, that answer, that model and those times alone', async () => {
    const { proof } = await signed();
    expect(await refusal(proof, { text: 'Hello' })).toBe('chat.invalid-proof');
    expect(await refusal(proof, { messageId: newId() })).toBe('chat.invalid-proof');
    expect(await refusal(proof, { run: { ...run, modelDigest: 'b'.repeat(64) } })).toBe('chat.invalid-proof');
    expect(await refusal(proof, { run: { ...run, finishedAt: '2026-11-21T11:00:00.000Z' } })).toBe(
      'chat.invalid-proof',
    );
  });

  it('is refused when it is cut, has no key, is no JSON of ours or runs backwards', async () => {
    const { proof } = await signed();
    expect(await refusal(proof.slice(0, -6))).toBe('chat.invalid-proof');
    expect(await refusal((await signed({}, { jwk: undefined })).proof)).toBe('chat.invalid-proof');
    expect(await refusal((await signed({ answer: 7 })).proof)).toBe('chat.invalid-proof');
    const backwards = { ...run, startedAt: '2026-11-21T10:00:02.000Z' };
    const late = await signed({ startedAt: backwards.startedAt });
    expect(await refusal(late.proof, { run: backwards })).toBe('chat.invalid-proof');
  });
});
