import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify, EmbeddedJWK, type JWK } from 'jose';
import { z } from 'zod';
import type { AnswerMetadata } from '../../inference/contracts/index.js';
import type { BrowserRun } from '../contracts/index.js';
import { invalidProof } from '../domain/errors.js';

/** What a browser signs of an answer that it made: enough to tell later that neither text nor times were changed. */
const Proof = z.object({
  answer: z.uuid(),
  textSha256: z.string(),
  modelDigest: z.string(),
  adapterDigests: z.array(z.string()),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
});

/**
 * Answers the thumbprint of the browser's key. The key is the browser's own and says only that two answers come from the
 * same one: who the person is, the session says. Throws `chat.invalid-proof`.
 */
export async function checkProof(
  proof: string,
  { messageId, text, run }: { messageId: string; text: string; run: BrowserRun },
): Promise<string> {
  const { payload, protectedHeader } = await compactVerify(proof, EmbeddedJWK, { algorithms: ['ES256'] }).catch(
    (cause: unknown) => {
      throw invalidProof('it is no signature of the key that it carries.', cause);
    },
  );
  const signed = Proof.safeParse(parse(payload));
  if (!signed.success) throw invalidProof('what is signed has another shape.');
  const { startedAt, finishedAt, modelDigest, adapterDigests } = run;
  const textSha256 = createHash('sha256').update(text).digest('hex');
  const meant = { answer: messageId, textSha256, modelDigest, adapterDigests, startedAt, finishedAt };
  for (const [name, value] of Object.entries(meant))
    if (JSON.stringify(signed.data[name as keyof typeof meant]) !== JSON.stringify(value))
      throw invalidProof(`${name} is another one.`);
  if (Date.parse(finishedAt) < Date.parse(startedAt)) throw invalidProof('the answer ends before it begins.');
  return calculateJwkThumbprint(protectedHeader.jwk as JWK);
}

/** What is stored of an answer that a browser made, once its signature holds. */
export async function provenMetadata(
  proof: string,
  answer: { messageId: string; text: string; run: BrowserRun },
): Promise<AnswerMetadata> {
  const { runtime, startedAt, finishedAt, ...counts } = answer.run;
  const device = await checkProof(proof, answer);
  return {
    engine: 'browser',
    ...counts,
    ...{ cachedPromptTokens: 0, continuations: 0, continuationMode: 'none' },
    browser: { runtime, startedAt, finishedAt, device, proof },
  };
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch (cause) {
    throw invalidProof('what is signed is no JSON.', cause);
  }
}
