import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startStubUpstream, type StubUpstream } from '@app/testing';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessageView } from '../../src/chat/contracts/index.js';
import type { ModelView } from '../../src/inference/contracts/index.js';
import { Client, HttpError, Reader } from '../support/client.js';
import { apiKey, type Parley } from '../support/parley.js';
import { startTiny, until } from '../support/tiny-server.js';
import { split } from '../support/topology.js';

/** Attached answers are shorter and come to their end; long ones of the local model last longer, and are handed over. */
const GRACE_MS = 1_500;
const SHORT = 200;
/** Seconds of work for four at once, also on a machine several times as fast as the slowest. */
const LONG = 1_000;
const said = Array.from({ length: 40 }, (_, n) => ` word${n}`);

let upstream: StubUpstream;
let parley: Parley;
let models: Record<'llama-cpp' | 'openai-compatible', string>;
beforeAll(async () => {
  upstream = await startStubUpstream({ tokens: said, tokenDelayMs: 10, models: ['stub'] });
  const env = {
    SHUTDOWN_GRACE_MS: String(GRACE_MS),
    HTTP_RATE_LIMIT: '10000000',
    INFERENCE_UPSTREAM_URL: upstream.url,
    INFERENCE_PARALLEL: '4',
  };
  const { client, ...started } = await startTiny({ env }, { kind: 'random', width: 256, layers: 4 });
  ({ parley } = started);
  // The upstream's is there from the start, and the default until the local one is installed.
  models = await until(async () => {
    const { items } = await client.get<{ items: ModelView[] }>('/api/models');
    return items.length === 2 && (Object.fromEntries(items.map(({ engine, id }) => [engine, id])) as typeof models);
  });
});
afterAll(async () => {
  await parley.dispose();
  await upstream.close();
});

// One process ends and starts again; of several, each gets a second one beside it first, and then nobody is refused.
describe('SIGTERM under load', () => {
  it('drops nothing that was accepted, and hands running answers over', { timeout: 240_000 }, async () => {
    const load = new Load(parley);
    const exits: Record<string, unknown> = {};
    try {
      for (const name of parley.names) {
        await load.turns(3);
        if (parley.process('inference') === parley.process(name)) await load.longOnes(3);
        exits[name] = split ? await parley.replace(name) : await parley.restart(name, 'SIGTERM');
        await load.turns(3);
      }
    } finally {
      await load.stop();
    }
    const { failures, refused, untaken, readers, completions } = load;
    const continued = readers.filter(({ reader }) => Number(reader.done?.metadata?.['continuations']) > 0).length;
    const reconnects = readers.reduce((sum, { reader }) => sum + reader.reconnects, 0);
    console.log(
      `${readers.length} answers, ${continued} handed over, ${reconnects} streams taken up again, ` +
        `${completions} attached ones; refused: ${refused}, ` +
        `closed: ${untaken.size}, failed: ${failures.length}`,
    );
    expect(failures).toEqual([]);
    // Whatever a process took, it answered: what came to nothing none of them ever saw.
    const logged = (id: string) => parley.log.some((line) => line.includes(id));
    expect(load.answered.filter(logged)).not.toEqual([]);
    expect([...untaken].filter(([id]) => logged(id))).toEqual([]);
    if (split) expect(refused).toBe(0);
    for (const exit of Object.values(exits)) expect(exit).toEqual({ code: 0, signal: null });
    const client = new Client(parley.url, apiKey);
    for (const { answer, reader } of readers) {
      const { messages } = await client.conversation(answer.conversationId);
      expect(messages).toHaveLength(2);
      expect(messages[1]).toMatchObject({ status: 'complete', text: reader.text });
      expect(reader.breaches).toEqual([]);
    }
    expect(continued).toBeGreaterThan(0);
    expect(reconnects).toBeGreaterThan(0);
  });
});

/** Clients behind a balancer that looks at `/readyz`, as in front of several replicas. */
class Load {
  /** What no client should see: 5xx, a broken connection, a stream without its end. */
  readonly failures: string[] = [];
  /** Connections that nobody took. */
  refused = 0;
  /**
   * Requests by their ids whose connection was closed before a byte of an answer came. The kernel takes connections before
   * the process does, and resets those it still has when the process ceases to listen; and a connection that lay idle may
   * be closed in the moment in which its client uses it again.
   */
  readonly untaken = new Map<string, string>();
  completions = 0;
  /** Ids of requests. */
  readonly answered: string[] = [];
  readonly readers: { answer: MessageView; reader: Reader }[] = [];
  private readonly ready = new Map<string, boolean>();
  private readonly working: Promise<unknown>[];
  private stopped = false;
  private done = 0;
  private next = 0;
  /** Of the answers that are asked for from now on. */
  private maxTokens = SHORT;
  private readonly reading = new Map<Reader, number>();

  constructor(private readonly parley: Parley) {
    const chats = Array.from({ length: 4 }, () => this.repeat(() => this.chat()));
    const attached = [true, true, false].map((stream) => this.repeat(() => this.complete(stream)));
    const listing = this.repeat(() => this.insist((client) => client.get('/api/conversations')).then(() => sleep(10)));
    this.working = [this.watch(), ...chats, ...attached, listing];
  }

  /** Resolves when so many more answers came to their end. */
  async turns(count: number): Promise<void> {
    const goal = this.done + count;
    await until(async () => this.done >= goal || this.failures.length > 0, 2_400);
  }

  /** Resolves when so many long answers have just begun. */
  async longOnes(count: number): Promise<void> {
    this.maxTokens = LONG;
    const begun = () => [...this.reading].filter(([{ text }, maxTokens]) => maxTokens === LONG && text !== '');
    await until(async () => begun().length >= count || this.failures.length > 0, 2_400);
    this.maxTokens = SHORT;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.working);
  }

  private async repeat(work: () => Promise<unknown>): Promise<void> {
    while (!this.stopped) {
      await work().catch((error: unknown) => {
        this.failures.push(reasonOf(error));
        return sleep(100);
      });
    }
  }

  private async watch(): Promise<void> {
    while (!this.stopped) {
      const look = async (url: string) =>
        this.ready.set(
          url,
          await fetch(`${url}/readyz`).then(
            ({ ok }) => ok,
            () => false,
          ),
        );
      await Promise.all(this.parley.urls.map(look));
      await sleep(25);
    }
  }

  /** Of one that is ready, in turns; of any if none is. */
  private client(): WatchedClient {
    const { urls } = this.parley;
    const ready = urls.filter((url) => this.ready.get(url));
    const among = ready.length > 0 ? ready : urls;
    return new WatchedClient(among[this.next++ % among.length]!, this);
  }

  /** Whether it may be sent again: nobody took it. */
  notTaken(error: unknown, requestId: string): boolean {
    const { code } = (error as { cause?: { code?: string } }).cause ?? {};
    if (code === 'ECONNREFUSED') this.refused++;
    else if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') this.untaken.set(requestId, reasonOf(error));
    else return false;
    return true;
  }

  /** A request that nobody took was not accepted, and goes to the next one. */
  private async insist<T>(work: (client: WatchedClient) => Promise<T>): Promise<T> {
    for (;;) {
      const client = this.client();
      try {
        const result = await work(client);
        this.answered.push(client.requestId);
        return result;
      } catch (error) {
        if (!this.notTaken(error, client.requestId)) throw error;
        await sleep(20);
      }
    }
  }

  private async chat(): Promise<void> {
    const id = randomUUID();
    await this.insist((client) => client.start({ id }));
    const sampler = { temperature: 0, maxTokens: this.maxTokens };
    const message = { id: randomUUID(), text: 'Tell me more', model: models['llama-cpp'], sampler };
    const { answer } = await this.insist((client) => client.send(id, message));
    const reader = new Reader();
    this.reading.set(reader, sampler.maxTokens);
    await reader.read(async () => this.client(), answer).finally(() => this.reading.delete(reader));
    this.readers.push({ answer, reader });
    this.done++;
  }

  private async complete(stream: boolean): Promise<void> {
    const model = models['openai-compatible'];
    const body = { model, stream, messages: [{ role: 'user', content: 'Hello?' }] };
    const text = await this.insist(async (client) => {
      const response = await fetch(`${client.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { ...client.headers(), 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new HttpError(response.status, (await response.json()) as HttpError['body']);
      return stream ? textOf(response) : contentOf(await response.json());
    });
    if (text !== said.join('')) throw new Error(`an attached answer ended as “${text}”`);
    this.completions++;
  }
}

/** Makes one request, which has an id, and notes what a reader bears in silence. */
class WatchedClient extends Client {
  readonly requestId = randomUUID();

  constructor(
    url: string,
    private readonly load: Load,
  ) {
    super(url, apiKey);
  }

  override headers(): Record<string, string> {
    return { ...super.headers(), 'x-request-id': this.requestId };
  }

  override async *stream(...args: Parameters<Client['stream']>): ReturnType<Client['stream']> {
    let begun = false;
    try {
      for await (const event of super.stream(...args)) {
        begun = true;
        if (event.event === 'error') this.load.failures.push(`a stream failed: ${JSON.stringify(event.data)}`);
        yield event;
      }
    } catch (error) {
      if (begun || !this.load.notTaken(error, this.requestId)) this.load.failures.push(`a stream: ${reasonOf(error)}`);
      await sleep(20);
      throw error;
    }
  }
}

const reasonOf = (error: unknown) => {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause ? `${message}: ${cause.code ?? ''} ${cause.message ?? ''}` : message;
};

type Choice = { delta?: { content?: string }; message?: { content: string } };
const contentOf = (body: unknown) => (body as { choices: Choice[] }).choices[0]?.message?.content;

/** All that an attached stream said, if it came to its end. */
async function textOf(response: Response): Promise<string> {
  let text = '';
  let ended = false;
  const events = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) {
    if (data === '[DONE]') ended = true;
    else text += (JSON.parse(data) as { choices: Choice[] }).choices[0]?.delta?.content ?? '';
  }
  return ended ? text : `${text} (without an end)`;
}
