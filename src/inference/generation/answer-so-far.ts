import type { AnswerPrefix } from '../domain/engine.js';
import type { LogEntry } from '../persistence/generation-chunks.js';

/** What the log says the answer is: the tokens since the last restart. */
export function answerSoFar(entries: Iterable<Pick<LogEntry, 'kind' | 'text' | 'tokenIds'>>): AnswerPrefix {
  let text = '';
  let tokenIds: number[] = [];
  for (const entry of entries) {
    if (entry.kind === 'restart') {
      text = '';
      tokenIds = [];
    } else {
      text += entry.text;
      for (const id of entry.tokenIds) tokenIds.push(id);
    }
  }
  return { text, tokenIds };
}
