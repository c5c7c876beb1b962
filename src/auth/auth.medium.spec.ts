import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { CacheModule } from '@app/cache';
import { ConfigModule, loadConfig } from '@app/config';
import { createApp, Scopes } from '@app/http';
import { eventMetadata, MessagingModule } from '@app/messaging';
import { Database, PersistenceModule } from '@app/persistence';
import { freshFolder, testDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuthHttpModule } from './auth.http.module.js';
import { AuthModule } from './auth.module.js';
import type { SessionView } from './contracts/index.js';
import { Passwords } from './security/passwords.js';

@Scopes('inference')
@Controller('v1')
class ModelsController {
  @Get('models')
  models() {
    return { object: 'list', data: [] };
  }
}

let folder: string;
let url: string;
let dropDatabase: () => Promise<unknown>;
let app: NestFastifyApplication;
let db: Database;

async function start(env: Record<string, string> = {}): Promise<void> {
  const config = loadConfig({ DATA_DIR: folder, DATABASE_URL: url, ...env });
  @Module({
    imports: [
      ConfigModule.forRoot(config),
      PersistenceModule.forRoot({ ambient: eventMetadata }),
      CacheModule.forRoot(),
      MessagingModule.forRoot({ service: 'test' }),
      AuthModule,
      AuthHttpModule,
    ],
    controllers: [ModelsController],
  })
  class App {}
  app = await createApp(App, { logger: false, webClient: '/nonexistent', shutdownGraceMs: 1000 });
  await app.listen(0, '127.0.0.1');
  db = app.get(Database);
}

const newFolder = async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-auth-'));
  const onPostgres = testDatabaseKinds.includes('postgres') ? await testDatabase('postgres') : undefined;
  if (!onPostgres) await freshFolder(`${folder}/db`);
  url = onPostgres?.url ?? `pglite://${folder}/db`;
  dropDatabase = async () => onPostgres?.dispose();
};
const dropFolder = async () => {
  await app.close();
  await dropDatabase();
  rmSync(folder, { recursive: true, force: true });
};

interface Answer {
  status: number;
  body: Record<string, unknown>;
  cookie: string | undefined;
  setCookie: string | undefined;
  headers: Headers;
}

async function call(
  method: string,
  path: string,
  options: { token?: string; cookie?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${await app.getUrl()}${path}`, {
    method,
    headers: {
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
      ...(options.token && { authorization: `Bearer ${options.token}` }),
      ...(options.cookie && { cookie: options.cookie }),
      ...options.headers,
    },
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
  });
  const text = await response.text();
  const setCookie = response.headers.getSetCookie()[0];
  return {
    status: response.status,
    body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
    cookie: setCookie?.split(';', 1)[0],
    setCookie,
    headers: response.headers,
  };
}

const OURS = { 'x-requested-with': 'parley-web' };
const password = 'correct horse battery';
const signUp = (email: string) => call('POST', '/api/auth/sign-up', { body: { email, password } });
const signIn = (email: string, secret = password) =>
  call('POST', '/api/auth/sign-in', { body: { email, password: secret } });
const refresh = (cookie?: string) => call('POST', '/api/auth/refresh', { cookie, headers: OURS });
const signOut = (cookie?: string) => call('POST', '/api/auth/sign-out', { cookie, headers: OURS });
const me = (token: string) => call('GET', '/api/auth/me', { token });
const models = (token: string) => call('GET', '/v1/models', { token });
const tokenOf = ({ body }: Answer) => (body as unknown as SessionView).accessToken;
const userOf = ({ body }: Answer) => (body as unknown as SessionView).user;
const eventTypes = async () =>
  (await db.query<{ type: string }>('SELECT type FROM platform.events ORDER BY position')).map(({ type }) => type);

describe('accounts', () => {
  beforeEach(async () => {
    await newFolder();
    await start();
  });
  afterEach(dropFolder);

  it('make the first of many who sign up at once the only administrator', async () => {
    expect((await call('GET', '/api/auth/setup')).body).toEqual({ hasUsers: false, signUpOpen: true });
    // Hashes take turns, and so does connecting: both would keep the sign-ups apart.
    await Promise.all(Array.from({ length: 20 }, () => db.query('SELECT pg_sleep(0.02)')));
    const all = Promise.withResolvers<string>();
    let waiting = 0;
    vi.spyOn(app.get(Passwords), 'hash').mockImplementation(() => {
      if (++waiting === 20) all.resolve('no hash');
      return all.promise;
    });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => signUp(`p${i}@example.org`)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(answers.filter((answer) => userOf(answer).role === 'admin')).toHaveLength(1);
    expect(await db.query(`SELECT 1 FROM auth.users WHERE role = 'admin'`)).toHaveLength(1);
    expect(await eventTypes()).toEqual(Array(20).fill('auth.user.signed-up.v1'));
    expect((await call('GET', '/api/auth/setup')).body).toEqual({ hasUsers: true, signUpOpen: true });
  });

  it('are one for an address however it is written', async () => {
    const first = await call('POST', '/api/auth/sign-up', { body: { email: ' Ada@Example.ORG ', password } });
    expect(userOf(first)).toMatchObject({ email: 'ada@example.org', name: 'ada', role: 'admin' });
    expect(await signUp('ADA@example.org')).toMatchObject({ status: 409, body: { code: 'auth.email-taken' } });
    expect((await signIn('aDa@example.org')).status).toBe(200);
    expect(await eventTypes()).toEqual(['auth.user.signed-up.v1', 'auth.user.signed-in.v1']);
  });

  it('need a sane address and a password of some length', async () => {
    const answer = await call('POST', '/api/auth/sign-up', { body: { email: 'nobody', password: 'short' } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'platform.invalid-request' } });
    expect((answer.body['errors'] as { path: string }[]).map(({ path }) => path)).toEqual(['email', 'password']);
  });

  it('keep no password and no token in clear', async () => {
    const { cookie } = await signUp('ada@example.org');
    const rows = JSON.stringify([
      await db.query('SELECT * FROM auth.users'),
      await db.query('SELECT * FROM auth.refresh_tokens'),
      await db.query('SELECT * FROM platform.events'),
    ]);
    expect(rows).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(rows).not.toContain(password);
    expect(rows).not.toContain(cookie!.split('=')[1]);
  });

  it('do not tell whether there is one', async () => {
    await signUp('ada@example.org');
    const [unknown, wrong] = [await signIn('eve@example.org'), await signIn('ada@example.org', 'wrong')];
    expect(unknown.status).toBe(401);
    expect({ ...unknown.body, instance: '' }).toEqual({ ...wrong.body, instance: '' });
  });

  it('are guessed at slowly, even all at once and with the right password at the end', async () => {
    await signUp('ada@example.org');
    const guesses = await Promise.all(Array.from({ length: 8 }, () => signIn('ada@example.org', 'wrong')));
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5);
    const refused = await signIn('ada@example.org');
    expect(refused).toMatchObject({ status: 429, body: { code: 'auth.too-many-failures' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('that are disabled can do nothing, with token, key, cookie or password', async () => {
    const admin = await signUp('root@example.org');
    const ada = await signUp('ada@example.org');
    const created = await call('POST', '/api/auth/api-keys', {
      token: tokenOf(ada),
      body: { name: 'k', scopes: ['inference'] },
    });
    const key = created.body['key'] as string;
    expect([(await models(key)).status, (await me(tokenOf(ada))).status]).toEqual([200, 200]);

    const path = `/api/auth/users/${userOf(ada).id}`;
    expect((await call('POST', `${path}/disable`, { token: tokenOf(ada) })).status).toBe(403);
    expect((await call('POST', `${path}/disable`, { token: tokenOf(admin) })).status).toBe(204);
    expect((await models(key)).status).toBe(401);
    expect((await me(tokenOf(ada))).status).toBe(401);
    expect((await refresh(ada.cookie)).status).toBe(401);
    expect((await signIn('ada@example.org')).body['code']).toBe('auth.wrong-credentials');
    const list = await call('GET', '/api/auth/users', { token: tokenOf(admin) });
    expect(
      (list.body['items'] as { disabledAt: string | null }[]).map(({ disabledAt }) => disabledAt !== null),
    ).toEqual([false, true]);

    expect((await call('POST', `${path}/enable`, { token: tokenOf(admin) })).status).toBe(204);
    expect((await models(key)).status).toBe(200);
    expect((await me(tokenOf(ada))).status).toBe(401);
    expect((await signIn('ada@example.org')).status).toBe(200);
  });

  it('always keep one administrator', async () => {
    const admin = await signUp('root@example.org');
    const answer = await call('POST', `/api/auth/users/${userOf(admin).id}/disable`, { token: tokenOf(admin) });
    expect(answer).toMatchObject({ status: 409, body: { code: 'auth.last-administrator' } });
  });
});

describe('a session', () => {
  beforeAll(async () => {
    await newFolder();
    await start();
    await signUp('ada@example.org');
  });
  afterAll(dropFolder);
  const backdateUses = () => db.query(`UPDATE auth.refresh_tokens SET used_at = used_at - interval '1 minute'`);

  it('comes with a cookie for these paths alone and a token that names the person', async () => {
    const answer = await signIn('ada@example.org');
    expect(answer.setCookie).toMatch(
      /^parley_refresh=[\w-]{43}; Path=\/api\/auth; Expires=.+; HttpOnly; SameSite=Strict$/,
    );
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(JSON.stringify(answer.body)).not.toContain(answer.cookie!.split('=')[1]);
    expect((await me(tokenOf(answer))).body).toEqual(userOf(answer));
  });

  it('is renewed with a new token each time, which works for two tabs at once', async () => {
    const { cookie } = await signIn('ada@example.org');
    const [one, two] = await Promise.all([refresh(cookie), refresh(cookie)]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(new Set([cookie, one.cookie, two.cookie]).size).toBe(3);
    for (const { cookie: next } of [one, two]) expect((await refresh(next)).status).toBe(200);
  });

  it('ends altogether when an old token comes again', async () => {
    const stolen = await signIn('ada@example.org');
    const next = await refresh(stolen.cookie);
    await backdateUses();
    expect(await refresh(stolen.cookie)).toMatchObject({ status: 401, body: { code: 'auth.refresh-token-reused' } });
    const after = await refresh(next.cookie);
    expect(after).toMatchObject({ status: 401, body: { code: 'auth.session-ended' } });
    expect(after.setCookie).toMatch(/^parley_refresh=; .*Expires=Thu, 01 Jan 1970/);
    expect(await eventTypes()).toContain('auth.session.reuse-detected.v1');
  });

  it('ends on signing out, its access token included, and leaves the others', async () => {
    const [one, two] = [await signIn('ada@example.org'), await signIn('ada@example.org')];
    expect((await me(tokenOf(one))).status).toBe(200);
    expect((await signOut(one.cookie)).status).toBe(204);
    expect((await me(tokenOf(one))).status).toBe(401);
    expect((await refresh(one.cookie)).status).toBe(401);
    expect((await me(tokenOf(two))).status).toBe(200);
    expect((await signOut()).status).toBe(204);
  });

  it('is neither renewed nor ended by a request that another site could cause', async () => {
    const { cookie } = await signIn('ada@example.org');
    for (const path of ['/api/auth/refresh', '/api/auth/sign-out']) {
      for (const headers of [
        {},
        { ...OURS, 'sec-fetch-site': 'cross-site' },
        { ...OURS, 'sec-fetch-site': 'same-site' },
      ]) {
        const answer = await call('POST', path, { cookie, headers });
        expect(answer).toMatchObject({ status: 403, body: { code: 'auth.cross-site-request' } });
      }
    }
    expect((await refresh(cookie)).status).toBe(200);
  });

  it('is not believed from a token of our own making', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const real = tokenOf(await signIn('ada@example.org'));
    const [head, body, signature] = real.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    const forged = [
      `${part({ alg: 'none' })}.${body}.`,
      `${head}.${part({ ...claims, exp: 9999999999 })}.${signature}`,
      `${head}.${body}.${'A'.repeat(43)}`,
      'not.a.token',
      'pk_',
    ];
    for (const token of forged) expect((await me(token)).status).toBe(401);
    expect((await me(real)).status).toBe(200);
  });
});

describe('an API key', () => {
  let ada: string;
  let eve: string;
  let root: string;
  beforeAll(async () => {
    await newFolder();
    await start();
    root = tokenOf(await signUp('root@example.org'));
    ada = tokenOf(await signUp('ada@example.org'));
    eve = tokenOf(await signUp('eve@example.org'));
  });
  afterAll(dropFolder);
  const create = (token: string, body: object) => call('POST', '/api/auth/api-keys', { token, body });
  const list = async (token: string) =>
    (await call('GET', '/api/auth/api-keys', { token })).body['items'] as Record<string, unknown>[];

  it('is shown once, works, is seen in the list, and stops when it is revoked', async () => {
    const { status, body } = await create(ada, { name: 'laptop', scopes: ['inference', 'inference'] });
    expect(status).toBe(201);
    const { key, ...view } = body;
    expect(key).toMatch(/^pk_[\w-]{43}$/);
    expect(view).toMatchObject({ name: 'laptop', scopes: ['inference'], expiresAt: null, lastUsedAt: null });
    expect((key as string).startsWith(view['prefix'] as string)).toBe(true);

    expect((await models(key as string)).status).toBe(200);
    expect(await list(ada)).toEqual([{ ...view, lastUsedAt: expect.any(String) as string }]);
    expect(JSON.stringify(await db.query('SELECT * FROM auth.api_keys'))).not.toContain(key);

    const path = `/api/auth/api-keys/${view['id'] as string}`;
    expect(await call('DELETE', path, { token: eve })).toMatchObject({ status: 404 });
    expect((await models(key as string)).status).toBe(200);
    expect((await call('DELETE', path, { token: ada })).status).toBe(204);
    expect(await models(key as string)).toMatchObject({
      status: 401,
      body: { error: { type: 'authentication_error' } },
    });
    expect(await list(ada)).toEqual([]);
    expect((await call('DELETE', path, { token: ada })).status).toBe(404);
    expect(await eventTypes()).toEqual(expect.arrayContaining(['auth.api-key.created.v1', 'auth.api-key.revoked.v1']));
  });

  it('does what its scopes say and never more', async () => {
    const chat = (await create(ada, { name: 'c', scopes: ['chat'] })).body['key'] as string;
    expect((await models(chat)).status).toBe(403);
    expect((await me(chat)).status).toBe(200);
    expect((await create(chat, { name: 'more', scopes: ['inference'] })).status).toBe(403);
    expect((await call('GET', '/api/auth/api-keys', { token: chat })).status).toBe(403);
    expect((await create(ada, { name: 'a', scopes: ['admin'] })).body['code']).toBe('auth.scope-not-allowed');
    const admin = (await create(root, { name: 'a', scopes: ['admin'] })).body['key'] as string;
    expect((await call('GET', '/api/auth/users', { token: admin })).status).toBe(200);
    expect((await create(ada, { name: 'x', scopes: ['everything'] })).status).toBe(400);
  });

  it('ends by itself', async () => {
    const past = await create(ada, { name: 'past', scopes: ['inference'], expiresAt: '2020-01-01T00:00:00Z' });
    expect(past.body['code']).toBe('auth.expiry-in-the-past');
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const { body } = await create(ada, { name: 'soon', scopes: ['inference'], expiresAt: soon });
    expect(body['expiresAt']).toBe(soon);
    await db.query(`UPDATE auth.api_keys SET expires_at = now() - interval '1 second' WHERE name = 'soon'`);
    expect((await models(body['key'] as string)).status).toBe(401);
  });

  it('is looked up once for many requests', async () => {
    const key = (await create(ada, { name: 'busy', scopes: ['inference'] })).body['key'] as string;
    await Promise.all(Array.from({ length: 10 }, () => models(key)));
    await db.query(`UPDATE auth.api_keys SET last_used_at = NULL WHERE name = 'busy'`);
    await Promise.all(Array.from({ length: 10 }, () => models(key)));
    const [row] = await db.query<{ last_used_at: Date | null }>(
      `SELECT last_used_at FROM auth.api_keys WHERE name = 'busy'`,
    );
    expect(row?.last_used_at).toBeNull();
  });
});

describe('set-up without a person', () => {
  beforeEach(newFolder);
  afterEach(dropFolder);
  const env = {
    AUTH_ADMIN_EMAIL: 'Root@example.org',
    AUTH_ADMIN_PASSWORD: password,
    AUTH_API_KEY: `pk_${'a'.repeat(43)}`,
    AUTH_SIGN_UP: 'closed',
  };
  const restart = async (next: Record<string, string>) => {
    await app.close();
    await start(next);
  };

  it('makes the administrator and the key, and nothing more at the next start', async () => {
    await start(env);
    for (let boot = 0; boot < 2; boot++) {
      expect(userOf(await signIn('root@example.org')).role).toBe('admin');
      expect((await models(env.AUTH_API_KEY)).status).toBe(200);
      expect((await call('GET', '/api/auth/users', { token: env.AUTH_API_KEY })).body['items']).toHaveLength(1);
      expect(await signUp('ada@example.org')).toMatchObject({ status: 403, body: { code: 'auth.sign-up-closed' } });
      await restart(env);
    }
    expect((await eventTypes()).filter((type) => type === 'auth.user.signed-up.v1')).toHaveLength(1);
    await restart({ ...env, AUTH_API_KEY: `pk_${'b'.repeat(43)}` });
    expect((await models(env.AUTH_API_KEY)).status).toBe(401);
    expect((await models(`pk_${'b'.repeat(43)}`)).status).toBe(200);
    await restart({});
    expect((await models(`pk_${'b'.repeat(43)}`)).status).toBe(401);
  });

  it('lets the first account in although sign-up is closed', async () => {
    await start({ AUTH_SIGN_UP: 'closed' });
    expect((await call('GET', '/api/auth/setup')).body).toEqual({ hasUsers: false, signUpOpen: true });
    expect((await signUp('root@example.org')).status).toBe(201);
    expect((await call('GET', '/api/auth/setup')).body).toEqual({ hasUsers: true, signUpOpen: false });
    expect((await signUp('ada@example.org')).status).toBe(403);
  });

  it('keeps the key that signs tokens for its owner, from one start to the next', async () => {
    await start();
    const token = tokenOf(await signUp('root@example.org'));
    const file = join(folder, 'secret');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').length).toBeGreaterThanOrEqual(43);
    await restart({});
    expect((await me(token)).status).toBe(200);
    await restart({ AUTH_SECRET: 'x'.repeat(40) });
    expect((await me(token)).status).toBe(401);
  });
});
