import { conversationQuery, queryClient } from '../api/queries.js';
import type { MessageView } from '../api/views.js';
import { type AnsweringModel, labelOf } from '../browser/browser-models.js';
import { promptOf } from '../browser/local-answers.js';
import { pathTo } from '../browser/path-to.js';
import { unfinishedRun } from '../browser/unfinished-run.js';
import type { ChatMessage, Sampler } from '../engines/engine.js';
import { changeQuestion } from './queue.js';
import { changed, leave, whileNothingIsSent } from './sender.js';
import { questionOf } from './question.js';

export interface OfflineTurn {
  conversationId: string;
  answerId: string;
  question: { message: { id: string; text: string; parentId: string | null } } | { parentId: string };
  model: AnsweringModel;
  sampler: Sampler;
  /** The server does not know the conversation itself either. */
  starts: boolean;
  /** The number of the question in the queue, which waited for another model. */
  replaces?: number;
}

/** Stores a question and the answer that begins, to be sent when both are whole. */
export async function beginOfflineTurn({
  conversationId,
  answerId,
  question,
  model,
  sampler,
  starts,
  replaces,
}: OfflineTurn): Promise<{ message: MessageView; answer: MessageView; prompt: ChatMessage[] }> {
  const known = queryClient.getQueryData(conversationQuery(conversationId).queryKey)?.messages ?? [];
  const message =
    'message' in question
      ? questionOf({ ...question.message, conversationId })
      : known.find(({ id }) => id === question.parentId);
  if (!message) throw new Error('This message is not here any more.');
  const answer: MessageView = {
    ...{ id: answerId, conversationId, parentId: message.id, role: 'assistant', text: '', status: 'pending' },
    ...{ runsIn: 'browser', model: labelOf(model), error: null, metadata: null, createdAt: new Date().toISOString() },
  };
  const run = unfinishedRun(model, sampler);
  const turn = { kind: 'turn' as const, message, answer, run, ended: false };
  if (replaces === undefined) await leave(conversationId, [...(starts ? [{ kind: 'start' as const }] : []), turn]);
  else {
    await whileNothingIsSent(() => changeQuestion(replaces, () => turn));
    await changed();
  }
  const path = pathTo([...known.filter(({ id }) => id !== message.id), message], message.id);
  return { message, answer, prompt: promptOf(path) };
}
