import { DomainError, type ErrorJson } from '@app/kernel';
import type { ConfirmChannel, GetMessage, Message as AmqpMessage } from 'amqplib';
import { crashed } from '../deadline.js';
import type { DeadLetter, DeadLetterPage } from '../transport.js';
import { type Broker, publishConfirmed } from './broker.js';
import { ATTEMPTS, deadQueueOf, envelopeIn } from './wire-format.js';

const ERROR = 'parley-error';
const DIED_AT = 'parley-died-at';
/** AMQP headers share one frame. */
const MAX_ERROR_CHARS = 16_000;
/** Nobody reads further down a list of parked messages; more are counted, and come up as these are replayed or dropped. */
const MOST = 1_000;

/** Headers of a parked message. */
export function parkedMessage(error: DomainError, attempts: number): Record<string, unknown> {
  const { kind, code, message, details } = error.toJSON();
  const whole = JSON.stringify({ kind, code, message, details });
  const json =
    whole.length <= MAX_ERROR_CHARS ? whole : JSON.stringify({ kind, code, message: message.slice(0, 2_000) });
  return { [ERROR]: json, [ATTEMPTS]: attempts, [DIED_AT]: Date.now() };
}

/** What lies in `<queue>.dead`. RabbitMQ cannot show a message without taking it: all are taken, and put back. */
export class DeadLetters {
  /** Two looks at once would hide messages from each other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(private readonly broker: Broker) {}

  async list(queue: string, { after, limit }: DeadLetterPage = {}): Promise<DeadLetter[]> {
    const letters = await this.#alone(queue, async (channel) => {
      const all: DeadLetter[] = [];
      for await (const message of messagesOf(channel, queue)) all.push(toLetter(queue, message));
      return all;
    });
    // By id, which is the order in which they were sent: a page begins in its place even when the last one's end is gone.
    const rest = letters
      .filter(({ id }) => after === undefined || id > after)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return rest.slice(0, limit);
  }

  /** Takes one out; `keep` stores it elsewhere first. */
  async remove(queue: string, id: string, keep?: (channel: ConfirmChannel, message: AmqpMessage) => Promise<void>) {
    const found = await this.#alone(queue, async (channel) => {
      for await (const message of messagesOf(channel, queue)) {
        if (message.properties.messageId !== id) continue;
        await keep?.(channel, message);
        channel.ack(message);
        // The broker answers this only after it took the acknowledgement.
        await channel.checkQueue(deadQueueOf(queue));
        return true;
      }
      return false;
    });
    if (!found) throw noDeadLetter(queue, id);
  }

  /** Back into its queue with all attempts anew. */
  replay(queue: string, id: string): Promise<void> {
    return this.remove(queue, id, (channel, { content, properties }) =>
      publishConfirmed(channel, '', queue, content, { messageId: id, type: String(properties.type) }),
    );
  }

  #alone<T>(queue: string, work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    const before = this.#turns.get(queue) ?? Promise.resolve();
    const turn = before.then(() => this.broker.withChannel(work));
    const settled = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.#turns.get(queue) === settled) this.#turns.delete(queue);
      });
    this.#turns.set(queue, settled);
    return turn;
  }
}

/** The oldest first. A queue that does not exist holds nothing. */
async function* messagesOf(channel: ConfirmChannel, queue: string): AsyncGenerator<GetMessage> {
  for (let count = 0; count < MOST; count++) {
    const message = await channel.get(deadQueueOf(queue)).catch((error: { code?: number }) => {
      if (error.code === 404) return false as const;
      throw error;
    });
    if (!message) return;
    yield message;
  }
}

function toLetter(queue: string, message: AmqpMessage): DeadLetter {
  const headers = message.properties.headers ?? {};
  const { [ERROR]: error, [DIED_AT]: diedAt, [ATTEMPTS]: attempts } = headers;
  // Without ours, the broker parked it: it took down whoever it was given to.
  const [death] = (headers['x-death'] ?? []) as { count?: number; time?: { value: number } }[];
  return {
    id: String(message.properties.messageId),
    queue,
    envelope: envelopeIn(message),
    attempts: Number(attempts ?? death?.count ?? 0),
    diedAt: new Date(Number(diedAt ?? (death?.time?.value ?? 0) * 1000)),
    error: typeof error === 'string' ? (JSON.parse(error) as ErrorJson) : crashed().toJSON(),
  };
}

const noDeadLetter = (queue: string, id: string) =>
  new DomainError('not-found', 'platform.dead-letter-not-found', `Queue ${queue} holds no dead letter ${id}.`);
