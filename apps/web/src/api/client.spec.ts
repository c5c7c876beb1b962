import { describe, expect, it } from 'vitest';
import { ApiClient } from './client.js';

interface Call {
  method: string;
  path: string;
  token: string | null;
  headers: Headers;
}

const json = (status: number, value: unknown) =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });

/** A server whose access tokens are `t1`, `t2`, …; only the newest is good. */
function fakeServer(options: { session?: boolean } = {}) {
  const calls: Call[] = [];
  let issued = 0;
  const state = { session: options.session ?? true, valid: '', down: false };
  const fetch = async (input: unknown, init?: RequestInit): Promise<Response> => {
    const headers = new Headers(init?.headers);
    const token = headers.get('authorization')?.replace('Bearer ', '') ?? null;
    const path = String(input);
    calls.push({ method: init?.method ?? 'GET', path, token, headers });
    await Promise.resolve();
    if (state.down) throw new TypeError('fetch failed');
    if (path === '/api/auth/refresh' || path === '/api/auth/sign-in') {
      if (!state.session) return json(401, { code: 'auth.no-session', detail: 'No session.' });
      issued += 1;
      state.valid = `t${issued}`;
      return json(200, { accessToken: state.valid, expiresAt: '', user: { id: 'u', email: 'a@b.c', role: 'user' } });
    }
    if (path === '/api/auth/sign-out') return new Response(null, { status: 204 });
    return token === state.valid
      ? json(200, { path })
      : json(401, { code: 'auth.unauthenticated', detail: 'Sign in.' });
  };
  const client = new ApiClient(fetch);
  return { client, calls, state, refreshes: () => calls.filter((call) => call.path === '/api/auth/refresh').length };
}

describe('ApiClient', () => {
  it('finds the session of the refresh cookie', async () => {
    const { client, calls } = fakeServer();
    await client.restore();
    expect(client.session.get()).toMatchObject({ status: 'signed-in', user: { id: 'u' } });
    expect(calls[0]?.headers.get('x-requested-with')).toBe('parley-web');
  });

  it('is signed out without a session, and says so only then', async () => {
    const { client, state } = fakeServer({ session: false });
    state.down = true;
    await client.restore();
    expect(client.session.get()).toEqual({ status: 'unreachable' });
    state.down = false;
    await client.restore();
    expect(client.session.get()).toEqual({ status: 'signed-out' });
  });

  it('takes whoever was here last while the server is away, and asks for the session as soon as it is back', async () => {
    const { client, state } = fakeServer();
    const known = { id: 'u', email: 'a@b.c', name: '', role: 'user' as const, createdAt: '' };
    state.down = true;
    await client.restore(known);
    expect(client.session.get()).toEqual({ status: 'signed-in', user: known });
    await expect(client.get('/api/a')).rejects.toMatchObject({ unreachable: true });
    state.down = false;
    await expect(client.get('/api/a')).resolves.toEqual({ path: '/api/a' });
  });

  it('is signed out in between when it turns out to be somebody else', async () => {
    const { client, state } = fakeServer();
    state.down = true;
    await client.restore({ id: 'other', email: 'x@b.c', name: '', role: 'user', createdAt: '' });
    const seen: string[] = [];
    client.session.subscribe(() => seen.push(client.session.get().status));
    state.down = false;
    await client.get('/api/a');
    expect(seen).toEqual(['signed-out', 'signed-in']);
  });

  it('refreshes once for many requests whose token has expired, and each request gets its answer', async () => {
    const { client, state, refreshes } = fakeServer();
    await client.restore();
    state.valid = 'expired for all';
    const paths = ['/api/a', '/api/b', '/api/c', '/api/d'];
    const answers = await Promise.all(paths.map((path) => client.get<{ path: string }>(path)));
    expect(answers.map((answer) => answer.path)).toEqual(paths);
    expect(refreshes()).toBe(2);
  });

  it('refreshes for a stream too', async () => {
    const { client, state } = fakeServer();
    await client.restore();
    state.valid = 'expired';
    const response = await client.stream('/api/stream', { headers: { 'last-event-id': '7' } });
    expect(response.status).toBe(200);
  });

  it('signs out when the session is over, and tells the caller', async () => {
    const { client, state, refreshes } = fakeServer();
    await client.restore();
    state.session = false;
    state.valid = 'revoked';
    await expect(client.get('/api/a')).rejects.toMatchObject({ status: 401, code: 'auth.unauthenticated' });
    expect(client.session.get()).toEqual({ status: 'signed-out' });
    expect(refreshes()).toBe(2);
  });

  it('keeps the session when the server is only out of reach', async () => {
    const { client, state } = fakeServer();
    await client.restore();
    state.down = true;
    await expect(client.get('/api/a')).rejects.toMatchObject({ status: 0, unreachable: true });
    expect(client.session.get().status).toBe('signed-in');
    expect(client.reachable.get()).toBe(false);
    state.down = false;
    await client.get('/api/a');
    expect(client.reachable.get()).toBe(true);
  });

  it('forgets the token when the person signs out', async () => {
    const { client, calls } = fakeServer();
    await client.restore();
    await client.signOut();
    expect(calls.at(-1)?.headers.get('x-requested-with')).toBe('parley-web');
    expect(client.session.get()).toEqual({ status: 'signed-out' });
  });
});
