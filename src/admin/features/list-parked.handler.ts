import { type DataOf, type DeadLetter, Handles, type ResultOf, Transport } from '@app/messaging';
import { ListParked } from '../contracts/index.js';
import { withoutContent } from '../domain/without-content.js';

@Handles(ListParked)
export class ListParkedHandler {
  constructor(private readonly transport: Transport) {}

  async handle({ queue, cursor, limit }: DataOf<ListParked>): Promise<ResultOf<ListParked>> {
    const letters = await this.transport.deadLetters(queue, { after: cursor, limit: limit + 1 });
    const page = letters.slice(0, limit);
    return { items: page.map(view), nextCursor: letters.length > limit ? (page.at(-1)?.id ?? null) : null };
  }
}

function view({ id, queue, envelope, attempts, diedAt, error }: DeadLetter): ResultOf<ListParked>['items'][number] {
  const { type, correlationid, actor, time, data } = envelope;
  return {
    id,
    queue,
    type,
    messageId: envelope.id,
    correlationId: correlationid,
    actor: actor ? { userId: actor.userId, role: actor.role } : null,
    sentAt: time,
    parkedAt: diedAt.toISOString(),
    attempts,
    error: { code: error.code, message: error.message },
    data: typeof data === 'object' && data !== null ? withoutContent(data as Record<string, unknown>) : data,
  };
}
