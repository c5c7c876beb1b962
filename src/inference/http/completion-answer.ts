import type { SseEvent } from '@app/http';
import { DomainError } from '@app/kernel';
import type { ResultOf } from '@app/messaging';
import type { CompleteChat } from '../contracts/index.js';

type Attached = ResultOf<CompleteChat>;
export type Finish = Extract<Attached, { type: 'finish' }>;

/** What an answer is told with; `sequence` is its place in the log, if it has one. */
export type Item =
  | { type: 'started' }
  | { type: 'token'; text: string; sequence?: number }
  | { type: 'restart' }
  | (Finish & { sequence?: number });

export interface Head {
  id: string;
  created: number;
  model: string;
}

const usageOf = ({ promptTokens, completionTokens, cachedPromptTokens }: Finish) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
  prompt_tokens_details: { cached_tokens: cachedPromptTokens },
});

/** The whole answer in one piece. */
export async function collect(head: Head, items: AsyncIterable<Item>) {
  let content = '';
  for await (const item of items) {
    if (item.type === 'restart') content = '';
    if (item.type === 'token') content += item.text;
    if (item.type !== 'finish') continue;
    const message = { role: 'assistant', content, refusal: null };
    const choice = { index: 0, message, finish_reason: item.reason, logprobs: null };
    return { ...head, object: 'chat.completion', choices: [choice], usage: usageOf(item) };
  }
  throw new DomainError('unavailable', 'inference.engine-crashed', 'The engine ended without finishing the answer.');
}

/** The answer as it comes. */
export async function* toChunks(
  head: Head,
  items: AsyncIterable<Item>,
  includeUsage: boolean,
): AsyncGenerator<SseEvent> {
  const chunk = (delta: object, finish: string | null, sequence?: number) => ({
    ...(sequence !== undefined && { id: sequence }),
    data: {
      id: head.id,
      object: 'chat.completion.chunk',
      created: head.created,
      model: head.model,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    },
  });
  yield chunk({ role: 'assistant', content: '' }, null);
  let shown = false;
  for await (const item of items) {
    if (item.type === 'restart' && shown) throw restarted();
    if (item.type === 'token') {
      shown = true;
      yield chunk({ content: item.text }, null, item.sequence);
    }
    if (item.type !== 'finish') continue;
    yield chunk({}, item.reason, item.sequence);
    if (includeUsage) yield { data: { ...chunk({}, null).data, choices: [], usage: usageOf(item) } };
  }
  yield { data: '[DONE]' };
}

/** OpenAI's chunks know no way to take back what was said. */
export const restarted = () =>
  new DomainError(
    'conflict',
    'inference.answer-restarted',
    'The answer could not be continued and was begun anew. Send the request again, without Last-Event-ID, to read it.',
  );
