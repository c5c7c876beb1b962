import { DomainError } from '@app/kernel';
import { UpstreamError } from './upstream-error.js';

export interface Usage {
  promptTokens: number;
  cachedPromptTokens: number;
  completionTokens: number;
}

/** What one `chat.completion.chunk` says; upstreams leave much of it out. */
export interface ChatChunk {
  text: string;
  finish: 'stop' | 'length' | null;
  usage: Usage | null;
}

export function parseChunk(data: string): ChatChunk {
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    throw UpstreamError.ofProtocol('an event is no JSON');
  }
  if (!isRecord(chunk)) throw UpstreamError.ofProtocol('an event is no object');
  // Some upstreams find out too late for a status.
  if (chunk['error'])
    throw new DomainError('unavailable', 'inference.upstream-unavailable', 'The upstream has failed.', {
      problem: 'error event',
    });
  const choice = Array.isArray(chunk['choices']) && isRecord(chunk['choices'][0]) ? chunk['choices'][0] : {};
  const delta = isRecord(choice['delta']) ? choice['delta'] : {};
  const reason = choice['finish_reason'];
  return {
    text: typeof delta['content'] === 'string' ? delta['content'] : '',
    finish: typeof reason !== 'string' ? null : reason === 'length' ? 'length' : 'stop',
    usage: usageOf(chunk['usage']),
  };
}

function usageOf(usage: unknown): Usage | null {
  if (!isRecord(usage)) return null;
  const details = isRecord(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {};
  return {
    promptTokens: count(usage['prompt_tokens']),
    cachedPromptTokens: count(details['cached_tokens']),
    completionTokens: count(usage['completion_tokens']),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const count = (value: unknown) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0);
