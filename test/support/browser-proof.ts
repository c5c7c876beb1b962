import { createHash } from 'node:crypto';
import { CompactSign, exportJWK, generateKeyPair } from 'jose';
import type { BrowserRun } from '../../src/chat/contracts/index.js';

/** What a browser tells of an answer that it made, for tests that speak for one. */
export const browserRun: BrowserRun = {
  ...{ runtime: 'mediapipe', model: 'Tiny', modelDigest: 'a'.repeat(64), adapterDigests: ['b'.repeat(64)] },
  sampler: { temperature: 0, topP: 1, topK: 1, minP: 0, seed: 1, maxTokens: 10 },
  ...{ promptTokens: 12, completionTokens: 5, timeToFirstTokenMs: 50, tokensPerSecond: 9, finishReason: 'stop' },
  ...{ startedAt: '2026-11-21T10:00:00.000Z', finishedAt: '2026-11-21T10:00:01.000Z' },
};

/** The signature of a browser with a key of its own. */
export async function signAnswer(answer: string, text: string, run: BrowserRun = browserRun): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const { modelDigest, adapterDigests, startedAt, finishedAt } = run;
  const textSha256 = createHash('sha256').update(text).digest('hex');
  const payload = { answer, textSha256, modelDigest, adapterDigests, startedAt, finishedAt };
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', jwk: await exportJWK(publicKey) })
    .sign(privateKey);
}
