import { EventEmitter, once } from 'node:events';
import { Agent, type ClientRequest, get, type IncomingMessage, request as httpRequest } from 'node:http';
import { Controller, Get, Module, Req, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DomainError } from '@app/kernel';
import { messageContext } from '@app/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp, Public, sendEvents, type SseEvent } from './index.js';

/** What the test and the controller tell each other. */
class Stage extends EventEmitter<{ produced: []; left: []; aborted: []; go: [] }> {
  produced = 0;
}
let stage: Stage;

const chunk = 'x'.repeat(64 * 1024);

@Public()
@Controller()
class StreamsController {
  @Get('api/few')
  few(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    reply.header('x-kept', 'yes');
    return sendEvents(
      reply,
      request,
      (async function* () {
        yield { id: 1, event: 'token', data: { text: 'a\nb' } };
        await Promise.resolve();
        yield { data: 'two\nlines' };
        yield { data: messageContext()?.correlationid ?? 'no context' };
      })(),
    );
  }

  @Get('api/flood')
  flood(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return sendEvents(reply, request, (signal) => flood(signal));
  }

  @Get('api/silent')
  silent(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return sendEvents(reply, request, (signal) => silent(signal), { headersWithinMs: 1 });
  }

  @Get('api/stubborn')
  stubborn(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    // Never answers and never listens: the request must end all the same.
    const forever = { next: () => new Promise<IteratorResult<SseEvent>>(() => undefined) };
    return sendEvents(reply, request, { [Symbol.asyncIterator]: () => forever }, { headersWithinMs: 1 });
  }

  @Get('api/refused')
  refused(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return sendEvents(reply, request, failing([]));
  }

  @Get('api/broken')
  broken(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return sendEvents(reply, request, failing([{ data: 1 }]));
  }

  @Get('v1/broken')
  brokenCompletion(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return sendEvents(reply, request, failing([{ data: 1 }]));
  }

  @Get('api/either')
  async either(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    if (request.query && 'plain' in (request.query as object)) return { plain: true };
    await sendEvents(reply, request, failing([{ data: 1 }]));
    return reply;
  }

  @Get('v1/attached')
  attached(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return sendEvents(reply, request, untilGo(), { onShutdown: 'finish', headersWithinMs: 1 });
  }
}

async function* flood(signal: AbortSignal): AsyncGenerator<SseEvent> {
  try {
    while (!signal.aborted) {
      stage.produced += 1;
      stage.emit('produced');
      yield { data: chunk };
    }
  } finally {
    stage.emit('left');
  }
}

async function* silent(signal: AbortSignal): AsyncGenerator<SseEvent> {
  signal.addEventListener('abort', () => stage.emit('aborted'));
  messageContext()?.signal.addEventListener('abort', () => stage.emit('left'));
  await once(signal, 'abort');
  yield { data: 'nobody reads this' };
}

async function* untilGo(): AsyncGenerator<SseEvent> {
  yield { data: 'first' };
  await once(stage, 'go');
  yield { data: 'last' };
}

async function* failing(before: SseEvent[]): AsyncGenerator<SseEvent> {
  yield* before;
  await Promise.resolve();
  throw new DomainError('not-found', 't.gone', 'It is gone.');
}

@Module({ controllers: [StreamsController] })
class StreamsModule {}

let app: NestFastifyApplication;
let url: string;
const opened: ClientRequest[] = [];
beforeEach(async () => {
  stage = new Stage();
  app = await createApp(StreamsModule, { logger: false, heartbeatMs: 20, shutdownGraceMs: 5000 });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterEach(async () => {
  for (const request of opened.splice(0)) request.destroy();
  await app.close();
});

/** The response, not read yet. */
async function open(path: string): Promise<IncomingMessage> {
  const request = httpRequest(url + path).on('error', () => undefined);
  opened.push(request);
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

describe('an event stream', () => {
  it('has its frames, headers and context', async () => {
    const response = await fetch(`${url}/api/few`, { headers: { 'x-request-id': 'request-0001' } });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-request-id': 'request-0001',
      'x-kept': 'yes',
      'x-content-type-options': 'nosniff',
    });
    expect(await response.text()).toBe(
      'id: 1\nevent: token\ndata: {"text":"a\\nb"}\n\ndata: two\ndata: lines\n\ndata: request-0001\n\n',
    );
  });

  it('waits for a slow reader, and tells its producer when the reader leaves', async () => {
    const response = await open('/api/flood');
    // Nobody reads: the socket's buffers fill and the producer stands still.
    let before = -1;
    while (before !== stage.produced) {
      before = stage.produced;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const stalled = stage.produced;
    expect(stalled).toBeLessThan(400);

    response.resume();
    while (stage.produced < stalled + 100) await once(stage, 'produced');
    const left = once(stage, 'left');
    response.destroy();
    await left;
  });

  it('aborts the signal of a producer that waits when the client leaves', async () => {
    const response = await open('/api/silent');
    const told = Promise.all([once(stage, 'aborted'), once(stage, 'left')]);
    response.destroy();
    await told;
  });

  it('gives signs of life while nothing happens', async () => {
    const response = await open('/api/silent');
    const [data] = (await once(response, 'data')) as [Buffer];
    expect(data.toString()).toBe(':\n\n');
  });

  it('that fails before its first event is a plain error', async () => {
    const response = await fetch(`${url}/api/refused`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 't.gone' });
  });

  it('that fails later says so and ends', async () => {
    const text = await (await fetch(`${url}/api/broken`)).text();
    expect(text).toMatch(/^data: 1\n\nevent: error\ndata: \{.*"code":"t\.gone".*\}\n\n$/);
    const completion = await (await fetch(`${url}/v1/broken`)).text();
    expect(completion).toMatch(/^data: 1\n\ndata: \{"error":\{.*"code":"t\.gone"\}\}\n\n$/);
  });

  it('may be one of two answers of a route', async () => {
    expect(await (await fetch(`${url}/api/either?plain=1`)).json()).toEqual({ plain: true });
    expect(await (await fetch(`${url}/api/either`)).text()).toMatch(/^data: 1\n\nevent: error\n/);
  });

  it('answers HEAD with headers alone', async () => {
    const response = await fetch(`${url}/api/few`, { method: 'HEAD' });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(await response.text()).toBe('');
  });
});

describe('a shutdown', () => {
  it('ends resumable streams with a comment, even of a producer that does not listen', async () => {
    const responses = await Promise.all([open('/api/silent'), open('/api/stubborn')]);
    const texts = responses.map(async (response) => Buffer.concat(await response.toArray()).toString());
    await app.close();
    for (const text of await Promise.all(texts))
      expect(text).toMatch(/: the server restarts, please connect again\n\n$/);
  });

  it('lets an attached stream come to its end, and takes no new requests meanwhile', async () => {
    const response = await open('/v1/attached');
    const [first] = (await once(response, 'data')) as [Buffer];
    expect(first.toString()).toBe('data: first\n\n');
    const closing = app.close();
    while (app.getHttpServer().listening) await new Promise((resolve) => setImmediate(resolve));
    await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed');
    const rest = response.toArray();
    stage.emit('go');
    expect(Buffer.concat(await rest).toString()).toMatch(/data: last\n\n$/);
    await closing;
  });

  it('tells a client by a response that its connection ends, and whoever asks that it is not ready', async () => {
    const agent = new Agent({ keepAlive: true });
    const look = () =>
      new Promise<[status: number | undefined, connection: string | undefined]>((resolve, reject) =>
        get(`${url}/readyz`, { agent }, (response) => {
          response.resume().on('end', () => resolve([response.statusCode, response.headers.connection]));
        }).on('error', reject),
      );
    expect(await look()).toEqual([200, 'keep-alive']);
    const closing = app.close();
    expect(await look()).toEqual([503, 'close']);
    await closing;
    agent.destroy();
  });

  it('answers what comes on the connection of a stream that it ended, and ends the connection with it', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (path: string) => {
      const [response] = (await once(get(url + path, { agent }), 'response')) as [IncomingMessage];
      return response;
    };
    const stream = await ask('/api/silent');
    const closing = app.close();
    for await (const _ of stream.iterator()) continue;
    // The only connection there is: nobody listens any more.
    const response = await ask('/readyz');
    expect([response.statusCode, response.headers.connection]).toEqual([503, 'close']);
    response.resume();
    await closing;
    agent.destroy();
  });
});
