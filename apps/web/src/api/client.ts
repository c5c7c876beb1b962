import { Problem, problemOf } from './problem.js';
import { Store } from './store.js';
import type { SessionView, UserView } from './views.js';

/** `unknown` until the refresh cookie was tried; `unreachable` when the server did not answer that. */
export type SessionState =
  | { status: 'unknown' }
  | { status: 'unreachable' }
  | { status: 'signed-out' }
  | { status: 'signed-in'; user: UserView };

export interface RequestOptions {
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Runs one refresh at a time in the whole browser: the refresh cookie rotates, and two tabs share it. */
export type Exclusive = <T>(work: () => Promise<T>) => Promise<T>;

const CSRF = { 'x-requested-with': 'parley-web' };

/**
 * The way to the server. The access token lives in memory only; when the server says 401 the session is refreshed
 * once, whoever asks, and the request is sent again. The clock of this machine is never trusted for that.
 */
export class ApiClient {
  readonly session = new Store<SessionState>({ status: 'unknown' });
  /** Whether the server answered the last request. */
  readonly reachable = new Store(true);

  private accessToken: string | null = null;
  private refreshing: Promise<boolean> | null = null;

  constructor(
    private readonly fetch: typeof globalThis.fetch,
    private readonly exclusive: Exclusive = (work) => work(),
  ) {}

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.json<T>('GET', path, { signal });
  }

  async json<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.authorized(method, path, options);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** The response itself, for a body that is read as it comes. */
  async stream(path: string, options: RequestOptions = {}): Promise<Response> {
    return this.authorized('GET', path, {
      ...options,
      headers: { accept: 'text/event-stream', ...options.headers },
    });
  }

  /** Tries the refresh cookie. False: there is no session. Throws a Problem when the server cannot be asked. */
  refresh(): Promise<boolean> {
    this.refreshing ??= this.exclusive(() => this.refreshNow()).finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  /**
   * The first thing a page does: finds out who is there. While the server does not answer it is `known`, who was here
   * last: every request asks for the session again.
   */
  async restore(known: UserView | null = null): Promise<void> {
    try {
      await this.refresh();
    } catch {
      this.session.set(known ? { status: 'signed-in', user: known } : { status: 'unreachable' });
    }
  }

  async signIn(path: 'sign-in' | 'sign-up', credentials: object): Promise<void> {
    const response = await this.send('POST', `/api/auth/${path}`, { body: credentials, headers: CSRF });
    if (!response.ok) throw await problemOf(response);
    this.accept((await response.json()) as SessionView);
  }

  async signOut(): Promise<void> {
    try {
      await this.send('POST', '/api/auth/sign-out', { headers: { ...CSRF, ...this.authorization() } });
    } finally {
      this.forget();
    }
  }

  /** Drops the session of this page only, as when another tab signed out. */
  forget(): void {
    this.accessToken = null;
    this.session.set({ status: 'signed-out' });
  }

  private async authorized(method: string, path: string, options: RequestOptions): Promise<Response> {
    const used = this.accessToken;
    let response = await this.send(method, path, this.withToken(options));
    if (response.status === 401) {
      // Another request may have brought a new token while this one was on its way.
      const renewed = this.accessToken !== used && this.accessToken !== null ? true : await this.refresh();
      if (renewed) response = await this.send(method, path, this.withToken(options));
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  private async refreshNow(): Promise<boolean> {
    const response = await this.send('POST', '/api/auth/refresh', { headers: CSRF });
    if (response.ok) {
      this.accept((await response.json()) as SessionView);
      return true;
    }
    if (response.status >= 500 || response.status === 429) throw await problemOf(response);
    this.forget();
    return false;
  }

  private accept(session: SessionView): void {
    const before = this.session.get();
    // The browser was used by somebody else meanwhile: nothing of the one before stays on the page.
    if (before.status === 'signed-in' && before.user.id !== session.user.id) this.forget();
    this.accessToken = session.accessToken;
    this.session.set({ status: 'signed-in', user: session.user });
  }

  /** For requests that another library sends; null while nobody is signed in. */
  bearer(): string | null {
    return this.accessToken && `Bearer ${this.accessToken}`;
  }

  private authorization(): Record<string, string> {
    return this.accessToken ? { authorization: `Bearer ${this.accessToken}` } : {};
  }

  private withToken(options: RequestOptions): RequestOptions {
    return { ...options, headers: { ...this.authorization(), ...options.headers } };
  }

  private async send(method: string, path: string, options: RequestOptions): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    try {
      const response = await this.fetch.call(globalThis, path, {
        method,
        headers,
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        signal: options.signal,
        credentials: 'same-origin',
        cache: 'no-store',
      });
      this.reachable.set(true);
      return response;
    } catch (error) {
      if (options.signal?.aborted) throw error;
      this.reachable.set(false);
      throw new Problem(0, 'network.unreachable', 'Parley cannot be reached. Check your connection.');
    }
  }
}
