import { Problem } from '../api/problem.js';
import { api } from '../api/session.js';
import { database, type Draft } from '../engines/files/database.js';
import { signAnswer } from '../engines/proof.js';

export const answersPath = (conversationId: string) =>
  `/api/conversations/${encodeURIComponent(conversationId)}/browser-answers`;

/**
 * Tells the server the end of an answer, and forgets the draft once it knows. False: it could not be reached, and the
 * draft waits.
 */
export async function deliverDraft(draft: Draft): Promise<boolean> {
  const { answerId, conversationId, text, run, end } = draft;
  const { modelDigest, adapterDigests, startedAt, finishedAt } = run;
  const ended = end ?? { status: 'stopped' as const, error: null };
  try {
    if (conversationId === null) {
      await api.json('POST', '/api/browser-usage', { body: { answerId, status: ended.status, run } });
    } else {
      const proof = await signAnswer({ answer: answerId, text, modelDigest, adapterDigests, startedAt, finishedAt });
      const path = `${answersPath(conversationId)}/${answerId}/finish`;
      await api.json('POST', path, { body: { ...ended, text, run, proof } });
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // The conversation is gone, or was never this person's: nobody waits for it.
    const pointless = error.status === 404 || error.status === 400 || error.status === 409;
    if (!pointless || error.code === 'platform.stream-changed') return false;
  }
  await (await database()).delete('drafts', answerId);
  return true;
}

/** Held by the tab that writes the answer, as long as it lives. */
export const answerLock = (answerId: string) => `parley.answer.${answerId}`;

/** Answers whose tab went away in the middle, or whose end the server has not heard. Answers their conversations. */
export async function recoverDrafts(): Promise<string[]> {
  const recovered: string[] = [];
  for (const draft of await (await database()).getAll('drafts')) {
    await navigator.locks.request(answerLock(draft.answerId), { ifAvailable: true }, async (lock) => {
      if (lock && (await deliverDraft(draft)) && draft.conversationId !== null) recovered.push(draft.conversationId);
    });
  }
  return recovered;
}
