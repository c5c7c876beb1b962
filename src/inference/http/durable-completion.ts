import { DomainError } from '@app/kernel';
import { type MessageBus, resumedStream } from '@app/messaging';
import { z } from 'zod';
import {
  type CompletionRequest,
  type GenerationEvent,
  IdempotencyKey,
  RequestCompletion,
  StreamGeneration,
} from '../contracts/index.js';
import { type Head, type Item, restarted } from './completion-answer.js';

const LastEventId = z.coerce.number().int().min(0).max(2_147_483_647);

/** An answer that is generated once for its key, and can be read as often as it is asked for. */
export interface DurableCompletion {
  head: Head;
  replayed: boolean;
  /** @param ending whether this process is ending: then a stream that breaks off is its reader's to take up elsewhere */
  items(signal: AbortSignal, ending: () => boolean): AsyncGenerator<Item>;
}

/** @throws DomainError `inference.invalid-idempotency-key`, `inference.idempotency-key-reused`, `inference.invalid-event-id` */
export async function requestDurable(
  bus: MessageBus,
  request: CompletionRequest,
  header: { key: string; lastEventId: string | undefined },
): Promise<DurableCompletion> {
  const key = IdempotencyKey.safeParse(header.key);
  if (!key.success) {
    const problem = 'The Idempotency-Key must be 1 to 255 printable ASCII characters.';
    throw new DomainError('invalid', 'inference.invalid-idempotency-key', problem, { limit: 255 });
  }
  const after = LastEventId.safeParse(header.lastEventId ?? 0);
  if (!after.success) {
    throw new DomainError('invalid', 'inference.invalid-event-id', 'The Last-Event-ID is not one of this stream.');
  }
  const { completionId, model, createdAt, replayed } = await bus.execute(
    new RequestCompletion({ key: key.data, request }),
  );
  return {
    head: { id: `chatcmpl-${completionId}`, created: Math.floor(Date.parse(createdAt) / 1000), model },
    replayed,
    items: (signal, ending) => toItems(follow(bus, completionId, after.data, signal, ending), after.data),
  };
}

/** Over the death of whoever tells it: another process goes on with it, and so does this stream. */
function follow(
  bus: MessageBus,
  generationId: string,
  after: number,
  signal: AbortSignal,
  ending: () => boolean,
): AsyncGenerator<GenerationEvent> {
  let last = after;
  const open = async function* () {
    for await (const event of bus.stream(new StreamGeneration({ generationId, after: last }), { signal })) {
      if (event.type !== 'status') last = event.sequence;
      yield event;
    }
  };
  const onAway = (error: DomainError) => {
    if (ending()) throw error;
  };
  return resumedStream(open, { signal, onAway });
}

async function* toItems(events: AsyncIterable<GenerationEvent>, after: number): AsyncGenerator<Item> {
  for await (const event of events) {
    switch (event.type) {
      case 'token':
        yield { type: 'token', text: event.text, sequence: event.sequence };
        break;
      case 'restart':
        if (after > 0) throw restarted();
        yield { type: 'restart' };
        break;
      case 'done':
        yield finishOf(event);
        return;
    }
  }
}

function finishOf({ error, metadata, sequence }: Extract<GenerationEvent, { type: 'done' }>): Item {
  if (error) throw new DomainError(error.kind ?? 'unavailable', error.code, error.message);
  const { promptTokens = 0, cachedPromptTokens = 0, completionTokens = 0, finishReason } = metadata ?? {};
  const reason = finishReason === 'length' ? 'length' : 'stop';
  return { type: 'finish', reason, promptTokens, cachedPromptTokens, completionTokens, sequence };
}
