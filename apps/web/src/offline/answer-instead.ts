import type { ChosenAdapter } from '../adapters/adapter-choice.js';
import { beginBrowserAnswer } from '../browser/browser-answers.js';
import { isBrowserModel } from '../browser/browser-models.js';
import { putMessages } from '../chat/cache.js';
import { changeQuestion } from './queue.js';
import { changeWaiting, whileNothingIsSent } from './sender.js';
import type { Queued } from './store.js';

/**
 * Has another model answer a question that waits to be sent: one of this browser at once, one of the server when it is
 * back. The question keeps its place and its id. Rejects when it was sent meanwhile.
 */
export async function answerInstead(
  { seq, conversationId, change }: Queued,
  model: string,
  adapter: ChosenAdapter | null,
): Promise<void> {
  if (change.kind !== 'say') return;
  if (!isBrowserModel(model)) {
    await changeWaiting(() => whileNothingIsSent(() => changeQuestion(seq, (asked) => ({ ...asked, model, adapter }))));
    return;
  }
  const { id, text, parentId } = change.message;
  const question = { message: { id, text, parentId } };
  const choice = { model, adapter: adapter?.id ?? null };
  const begun = await beginBrowserAnswer(conversationId, question, choice, { starts: false, replaces: seq });
  await putMessages(conversationId, [begun.message, begun.answer]);
}
