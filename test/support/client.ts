import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { ConversationSummary, ConversationView, MessageView } from '../../src/chat/contracts/index.js';

export interface StreamEvent {
  id?: string;
  event?: string;
  data: Record<string, unknown>;
}

export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly body: { code?: string; detail?: string } & Record<string, unknown>,
  ) {
    super(`${status} ${JSON.stringify(body)}`);
  }
}

/** A program that uses the HTTP API with a bearer token (an API key or an access token). */
export class Client {
  constructor(
    public url: string,
    readonly token: string,
  ) {}

  /** What every request carries. */
  protected headers(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` };
  }

  async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...this.headers(),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = text === '' ? undefined : (JSON.parse(text) as unknown);
    if (!response.ok) throw new HttpError(response.status, (json ?? {}) as HttpError['body']);
    return json as T;
  }

  get = <T>(path: string) => this.request<T>('GET', path);
  post = <T>(path: string, body: unknown = {}) => this.request<T>('POST', path, body);

  start = (body: { id?: string; title?: string } = {}) => this.post<ConversationSummary>('/api/conversations', body);
  conversation = (id: string) => this.get<ConversationView>(`/api/conversations/${id}`);
  send = (conversationId: string, body: { text: string } & Record<string, unknown>) =>
    this.post<{ message: MessageView; answer: MessageView }>(`/api/conversations/${conversationId}/messages`, body);

  /** Sends a message and follows its answer in the same request. */
  async *ask(conversationId: string, body: object, signal?: AbortSignal): AsyncGenerator<StreamEvent> {
    const response = await fetch(`${this.url}/api/conversations/${conversationId}/messages`, {
      method: 'POST',
      headers: { ...this.headers(), 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
    yield* eventsOf(response);
  }

  /** The events of an answer from `after` on, as the server sends them; ends with the stream. */
  async *stream(answer: MessageView, after: number | string = 0, signal?: AbortSignal): AsyncGenerator<StreamEvent> {
    const path = `/api/conversations/${answer.conversationId}/messages/${answer.id}/stream`;
    const response = await fetch(this.url + path, {
      headers: { ...this.headers(), 'last-event-id': String(after) },
      ...(signal && { signal }),
    });
    yield* eventsOf(response);
  }
}

async function* eventsOf(response: Response): AsyncGenerator<StreamEvent> {
  if (!response.ok) throw new HttpError(response.status, (await response.json()) as HttpError['body']);
  const events = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { id, event, data } of events) yield { id, event, data: JSON.parse(data) as StreamEvent['data'] };
}

/**
 * A reader as the web client is one: collects the text, comes back with the last id whenever the stream breaks, and
 * notes every breach of the promise that ids strictly increase.
 */
export class Reader {
  text = '';
  lastId = 0;
  reconnects = 0;
  done: { status: string; error: unknown; metadata: Record<string, unknown> | null } | null = null;
  readonly breaches: string[] = [];

  /** @param client asked again before each try, because the server may have another address by then */
  async read(client: () => Promise<Client>, answer: MessageView): Promise<this> {
    while (!this.done) {
      try {
        for await (const event of (await client()).stream(answer, this.lastId)) this.#take(event);
        if (!this.done) this.reconnects++;
      } catch (error) {
        if (error instanceof HttpError && error.status < 500) throw error;
        this.reconnects++;
        // Readers that never rest would take the cores from the process that starts.
        await sleep(10);
      }
    }
    return this;
  }

  #take({ id, event, data }: StreamEvent): void {
    if (event === 'status') return;
    // The stream broke on the server's side, and says so before it ends; what is passing is asked for again.
    if (event === 'error') throw new HttpError(Number(data['status']), data);
    const sequence = Number(id);
    if (!(sequence > this.lastId)) this.breaches.push(`id ${id} after ${this.lastId}`);
    this.lastId = sequence;
    if (event === 'token') this.text += data['text'] as string;
    if (event === 'restart') this.text = '';
    if (event === 'done') this.done = data as unknown as NonNullable<Reader['done']>;
  }
}
