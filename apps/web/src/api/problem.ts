/** A refusal of the server (RFC 9457), or the network's: `status` 0 means that no answer came. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** How long the server asks to wait, if it does. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(detail);
  }

  get unreachable(): boolean {
    return this.status === 0;
  }
}

const FALLBACK: Record<number, string> = {
  401: 'Please sign in again.',
  403: 'You may not do this.',
  404: 'This is not here any more.',
  413: 'This is too large.',
  429: 'Too many requests. Please wait a moment.',
  502: 'The server is starting or being restarted.',
  503: 'The server is not ready yet.',
};

export async function problemOf(response: Response): Promise<Problem> {
  // A proxy in between answers in HTML, or with nothing.
  const value: unknown = await response.json().catch(() => null);
  const body: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {};
  const text = (key: string) => (typeof body[key] === 'string' && body[key] !== '' ? body[key] : undefined);
  const detail =
    text('detail') ?? FALLBACK[response.status] ?? text('title') ?? `The server answered ${response.status}.`;
  const seconds = Number(response.headers.get('retry-after'));
  return new Problem(
    response.status,
    text('code') ?? `http.${response.status}`,
    detail,
    seconds > 0 ? seconds * 1000 : null,
  );
}

/** What to tell a person about anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Problem) return error.message;
  return error instanceof Error && error.message ? error.message : 'Something went wrong.';
}
