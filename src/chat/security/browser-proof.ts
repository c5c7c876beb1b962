import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify, EmbeddedJWK, type JWK } from 'jose';
import { z } from 'zod';
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

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch (cause) {
    throw invalidProof('what is signed is no JSON.', cause);
  }
}
