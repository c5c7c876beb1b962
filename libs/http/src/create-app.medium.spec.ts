import { connect } from 'node:net';
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DomainError } from '@app/kernel';
import { type Actor, messageContext } from '@app/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Authenticator, createApp, CurrentActor, Problem, Public, Returns, Roles, Scopes } from './index.js';

const Note = z.object({ title: z.string().min(1), tags: z.array(z.string()).default([]) }).meta({ id: 'Note' });
const NoteView = z.object({ id: z.string(), title: z.string() }).meta({ id: 'NoteView' });

const people: Record<string, Actor> = {
  ada: { userId: 'ada', role: 'user' },
  root: { userId: 'root', role: 'admin' },
  pk_chat: { userId: 'ada', role: 'user', scopes: ['chat'] },
  pk_admin: { userId: 'root', role: 'admin', scopes: ['admin'] },
  pk_root_chat: { userId: 'root', role: 'admin', scopes: ['chat'] },
};

class Friends extends Authenticator {
  async authenticate(token: string) {
    return people[token] ?? null;
  }
}

@Controller('api/notes')
class NotesController {
  @Post()
  @Public()
  @Returns(201, NoteView)
  create(@Body({ schema: Note }) { title }: z.output<typeof Note>) {
    return { id: 'n1', title };
  }

  @Get('mine')
  mine(@CurrentActor() actor: Actor) {
    return { actor, context: messageContext()?.actor, correlation: messageContext()?.correlationid };
  }

  @Post('context')
  async context(@Body() _body: unknown) {
    await new Promise((resolve) => setImmediate(resolve));
    return { actor: messageContext()?.actor };
  }

  @Get('keys')
  @Scopes('chat', 'inference')
  keys() {
    return { ok: true };
  }

  @Get('secret')
  @Roles('admin')
  secret() {
    return { ok: true };
  }

  @Public()
  @Get('broken/:how')
  broken(@Param('how') how: string) {
    if (how === 'bug') throw new Error('the password is hunter2');
    if (how === 'busy') throw new DomainError('unavailable', 't.busy', 'Busy.', { retryAfterSeconds: 7 });
    throw new DomainError('not-found', 't.gone', 'It is gone.', { id: how });
  }
}

@Public()
@Controller('v1')
class CompatibleController {
  @Post('things')
  @Returns(200)
  things(@Body({ schema: Note }) _note: z.output<typeof Note>) {
    return {};
  }
}

@Module({
  controllers: [NotesController, CompatibleController],
  providers: [{ provide: Authenticator, useClass: Friends }],
})
class NotesModule {}

let app: NestFastifyApplication;
let url: string;
beforeAll(async () => {
  app = await createApp(NotesModule, { logger: false, bodyLimitBytes: 2000, webClient: '/nonexistent' });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

const post = (path: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
  fetch(url + path, { method: 'POST', body, headers: { 'content-type': type } });
const get = (path: string, token?: string, headers: Record<string, string> = {}) =>
  fetch(url + path, { headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) } });
const problem = async (response: Response) => {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const body = Problem.parse(await response.json());
  expect(body.status).toBe(response.status);
  expect(body.instance).toBe(response.headers.get('x-request-id'));
  return body;
};

describe('a body', () => {
  it('that has its shape reaches the handler', async () => {
    const response = await post('/api/notes', '\ufeff{"title":"a"}', 'application/json; charset=utf-8');
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ id: 'n1', title: 'a' });
  });

  it.each([
    ['broken JSON', '{"title":', 400, 'platform.invalid-json'],
    ['a poisoned prototype', '{"title":"a","__proto__":{"x":1}}', 400, 'platform.invalid-json'],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22]), 400, 'platform.invalid-encoding'],
    ['U+0000, which no database holds', '{"title":"a\\u0000"}', 400, 'platform.invalid-text'],
    ['half a surrogate pair', '{"title":"\\ud83d"}', 400, 'platform.invalid-text'],
    ['too many bytes', JSON.stringify({ title: 'x'.repeat(3000) }), 413, 'platform.body-too-large'],
    ['nothing', '', 400, 'platform.invalid-request'],
    ['the wrong shape', '{"title":"","tags":[1]}', 400, 'platform.invalid-request'],
    ['a very deep value', '['.repeat(900) + ']'.repeat(900), 400, 'platform.invalid-request'],
  ])('with %s is refused', async (_what, body, status, code) => {
    expect(await problem(await post('/api/notes', body))).toMatchObject({ status, code });
  });

  it('of another type is refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      expect(await problem(await post('/api/notes', 'title=a', type))).toMatchObject({
        status: 415,
        code: 'platform.unsupported-media-type',
      });
    }
  });

  it('with a good emoji passes', async () => {
    expect((await post('/api/notes', '{"title":"\\ud83d\\ude00"}')).status).toBe(201);
  });

  it('says where it is wrong', async () => {
    const { detail, errors } = await problem(await post('/api/notes', '{"title":"","tags":[1]}'));
    expect(errors?.map(({ path }) => path)).toEqual(['title', 'tags.0']);
    expect(detail).toMatch(/^title: .+; tags\.0: /);
  });
});

describe('an error', () => {
  it('of the domain keeps its code, details and time to wait', async () => {
    expect(await problem(await get('/api/notes/broken/x'))).toMatchObject({
      status: 404,
      code: 't.gone',
      detail: 'It is gone.',
      details: { id: 'x' },
    });
    const busy = await get('/api/notes/broken/busy');
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '7']);
  });

  it('that nobody planned for says nothing about itself', async () => {
    const response = await get('/api/notes/broken/bug');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
  });

  it('of an unknown address, a wrong method or a malformed URL is a problem too', async () => {
    expect(await problem(await get('/api/nothing'))).toMatchObject({ status: 404, code: 'platform.not-found' });
    const wrong = await fetch(`${url}/api/notes/mine`, { method: 'DELETE' });
    expect(wrong.headers.get('allow')).toBe('GET, HEAD');
    expect(await problem(wrong)).toMatchObject({ status: 405, code: 'platform.method-not-allowed' });
    expect(await problem(await get('/api/notes/broken/%00'))).toMatchObject({ code: 'platform.invalid-text' });
    expect((await get('/api/notes/%zz')).status).toBe(400);
  });

  it('under /v1 has the shape that OpenAI clients read', async () => {
    const invalid = await post('/v1/things', '{"title":""}');
    expect(invalid.status).toBe(400);
    expect(await invalid.json()).toEqual({
      error: {
        message: expect.stringMatching(/^title: /) as string,
        type: 'invalid_request_error',
        param: 'title',
        code: 'platform.invalid-request',
      },
    });
    expect(await (await post('/v1/things', '{')).json()).toMatchObject({ error: { code: 'platform.invalid-json' } });
    expect(await (await get('/v1/nothing')).json()).toMatchObject({ error: { code: 'platform.not-found' } });
  });
});

describe('access', () => {
  it('needs a token that is known', async () => {
    expect(await problem(await get('/api/notes/mine'))).toMatchObject({
      status: 401,
      code: 'platform.unauthenticated',
    });
    const wrong = await get('/api/notes/mine', 'nobody');
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer');
    expect((await problem(wrong)).status).toBe(401);
  });

  it('runs the handler in a context with the actor and the id of the request', async () => {
    const response = await get('/api/notes/mine', 'ada', { 'x-request-id': 'trace-me-12345' });
    expect(response.headers.get('x-request-id')).toBe('trace-me-12345');
    expect(await response.json()).toEqual({
      actor: people['ada'],
      context: people['ada'],
      correlation: 'trace-me-12345',
    });
    const posted = await fetch(`${url}/api/notes/context`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { authorization: 'Bearer ada', 'content-type': 'application/json' },
    });
    expect(await posted.json()).toEqual({ actor: people['ada'] });
  });

  it('makes an id of its own when the given one is not sane', async () => {
    const response = await get('/healthz', undefined, { 'x-request-id': 'a b' });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['ada', 'secret', 403, 'platform.forbidden'],
    ['root', 'secret', 200, undefined],
    ['pk_admin', 'secret', 200, undefined],
    ['pk_root_chat', 'secret', 403, 'platform.out-of-scope'],
    ['pk_chat', 'keys', 200, undefined],
    ['pk_admin', 'keys', 403, 'platform.out-of-scope'],
    ['ada', 'keys', 200, undefined],
    ['pk_chat', 'mine', 403, 'platform.out-of-scope'],
  ])('of %s to %s answers %i', async (token, path, status, code) => {
    const response = await get(`/api/notes/${path}`, token);
    expect(response.status).toBe(status);
    if (code) expect(await problem(response)).toMatchObject({ code });
  });
});

describe('every response', () => {
  it('carries the security headers', async () => {
    for (const path of ['/healthz', '/api/nothing', '/docs']) {
      const { headers } = await get(path);
      const policy = headers.get('content-security-policy');
      expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('upgrade-insecure-requests');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('says what is left of the rate limit', async () => {
    const { headers } = await get('/api/notes/mine', 'ada');
    expect(Number(headers.get('x-ratelimit-limit'))).toBe(3000);
    expect(Number(headers.get('x-ratelimit-remaining'))).toBeLessThan(3000);
  });
});

describe('operations', () => {
  it('tells life, readiness and metrics to this machine', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
    expect((await get('/readyz')).status).toBe(200);
    expect(await (await get('/metrics')).text()).toContain('http_request_duration_seconds');
  });

  it('keeps metrics from the world', async () => {
    const proxied = { 'x-forwarded-for': '203.0.113.9' };
    expect((await get('/metrics', undefined, proxied)).status).toBe(403);
    expect((await get('/metrics', 'ada', proxied)).status).toBe(403);
    expect((await get('/metrics', 'pk_root_chat', proxied)).status).toBe(403);
    expect((await get('/metrics', 'root', proxied)).status).toBe(200);
  });

  it('opens metrics, and nothing else, to the metrics token', async () => {
    const proxied = { 'x-forwarded-for': '203.0.113.9' };
    const token = 'scrape-0123456789abcdef';
    const scraped = await createApp(NotesModule, { logger: false, webClient: '/nonexistent', metricsToken: token });
    try {
      await scraped.listen(0, '127.0.0.1');
      const origin = await scraped.getUrl();
      const statusOf = async (path: string, bearer: string) =>
        (await fetch(origin + path, { headers: { ...proxied, authorization: `Bearer ${bearer}` } })).status;
      expect(await statusOf('/metrics', token)).toBe(200);
      expect(await statusOf('/metrics', `${token}.`)).toBe(403);
      expect(await statusOf('/metrics', 'root')).toBe(200);
      for (const path of ['/api/notes/mine', '/api/notes/keys', '/api/notes/secret'])
        expect(await statusOf(path, token)).toBe(403);
    } finally {
      await scraped.close();
    }
  });

  it('documents itself with named shapes', async () => {
    const document = (await (await get('/openapi.json')).json()) as {
      paths: Record<string, Record<string, { requestBody: unknown; responses: Record<string, unknown> }>>;
      components: { schemas: Record<string, unknown> };
    };
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['Note', 'NoteView', 'Problem']));
    const { requestBody, responses } = document.paths['/api/notes']!['post']!;
    expect(requestBody).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Note' } } },
    });
    expect(responses['201']).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/NoteView' } } },
    });
    expect(responses['default']).toBeDefined();
    expect(document.paths['/healthz']).toBeUndefined();
    expect((await get('/docs/swagger-ui-bundle.js')).status).toBe(200);
  });

  it('survives what is not HTTP', async () => {
    const { hostname, port } = new URL(url);
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write('\x16\x03\x01 nonsense\r\n\r\n'));
      socket.on('close', () => resolve()).on('error', reject);
      socket.resume();
    });
    expect((await get('/healthz')).status).toBe(200);
  });
});
