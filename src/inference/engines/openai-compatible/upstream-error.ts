import type { IncomingHttpHeaders } from 'undici/types/header.js';
import { DomainError, type ErrorKind } from '@app/kernel';

interface Traits {
  /** A later try may work. */
  retryable?: boolean;
  /** Counts against the circuit breaker: the upstream itself does not work. */
  brokenUpstream?: boolean;
  retryAfterMs?: number | null;
}

/** A failed request to an upstream, with what the retry policy needs to know. */
export class UpstreamError extends DomainError {
  readonly retryable: boolean;
  readonly brokenUpstream: boolean;
  readonly retryAfterMs: number | null;

  private constructor(
    kind: ErrorKind,
    code: string,
    message: string,
    details: Record<string, unknown> | undefined,
    traits: Traits = {},
    cause?: unknown,
  ) {
    super(kind, `inference.${code}`, message, details, { cause });
    this.retryable = traits.retryable ?? false;
    this.brokenUpstream = traits.brokenUpstream ?? false;
    this.retryAfterMs = traits.retryAfterMs ?? null;
  }

  static ofStatus(status: number, headers: IncomingHttpHeaders, body: string): UpstreamError {
    const retryAfterMs = retryAfter(headers['retry-after']);
    const traits = { retryable: true, retryAfterMs };
    const said = messageOf(body);
    const details = { status, ...(said.message && { upstreamMessage: said.message }) };
    if (status === 401 || status === 403)
      // Its text may quote the key.
      return new UpstreamError('unavailable', 'upstream-unauthorized', 'The upstream refuses the key.', { status });
    if (status === 404)
      return new UpstreamError('not-found', 'unknown-model', 'The upstream has no such model.', details);
    if (status === 429)
      return new UpstreamError(
        'rate-limited',
        'upstream-rate-limited',
        'The upstream wants fewer requests.',
        { ...details, ...(retryAfterMs !== null && { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }) },
        traits,
      );
    if (said.code === 'context_length_exceeded')
      return new UpstreamError(
        'invalid',
        'prompt-too-long',
        'The conversation is longer than the model can read.',
        details,
      );
    if (status >= 400 && status < 500 && status !== 408)
      return new UpstreamError('invalid', 'upstream-refused', 'The upstream refuses the request.', details);
    return new UpstreamError('unavailable', 'upstream-unavailable', 'The upstream does not work.', details, {
      ...traits,
      // Following a redirect would carry the key and the text to an address that nobody has chosen.
      retryable: status >= 400,
      brokenUpstream: true,
    });
  }

  static ofConnection(cause: unknown, timeout: boolean): UpstreamError {
    const traits = { retryable: true, brokenUpstream: true };
    return timeout
      ? new UpstreamError('timeout', 'upstream-unavailable', 'The upstream does not answer.', undefined, traits, cause)
      : new UpstreamError(
          'unavailable',
          'upstream-unavailable',
          'The upstream does not work.',
          undefined,
          traits,
          cause,
        );
  }

  /** The answer is not what the protocol allows. */
  static ofProtocol(problem: string): UpstreamError {
    return new UpstreamError(
      'unavailable',
      'upstream-unavailable',
      'The upstream gives an answer that cannot be read.',
      { problem },
      { retryable: true, brokenUpstream: true },
    );
  }
}

function retryAfter(header: string | string[] | undefined): number | null {
  if (typeof header !== 'string') return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

function messageOf(body: string): { message?: string; code?: string } {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown; code?: unknown } | string };
    const { message, code } = typeof error === 'string' ? { message: error, code: undefined } : (error ?? {});
    return {
      ...(typeof message === 'string' && { message: message.slice(0, 300) }),
      ...(typeof code === 'string' && { code }),
    };
  } catch {
    return {};
  }
}
