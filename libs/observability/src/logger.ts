import { createRequire } from 'node:module';
import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger as Pino, pino, stdTimeFunctions } from 'pino';
import { GatheredLines } from './gathered-lines.js';

export interface LogOptions {
  level: string;
  /** `json`: one object a line, for machines. `pretty`: for a person at a terminal. */
  format: 'json' | 'pretty';
  /** Fields added to every line, e.g. the correlation id of the ambient message. */
  ambient?: () => Record<string, unknown>;
  /** Where lines go; standard output unless a test says otherwise. */
  destination?: DestinationStream;
}

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Nest's list of every module and route at start: for whoever looks for one, not for whoever starts the server. */
const CHATTY = new Set<unknown>([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
]);

/** Never written, wherever in a logged object they stand. */
const SECRETS = ['password', 'authorization', 'cookie', 'token', 'accessToken', 'refreshToken', 'apiKey', 'key'];

/**
 * Nest's logger on pino. Log an object to get fields: `logger.warn({ msg: 'Reaction failed', queue, err })`; `err` is
 * written with stack and cause.
 */
export class PinoLogger implements LoggerService {
  readonly pino: Pino;

  constructor({ level, format, ambient, destination }: LogOptions) {
    const lines = format === 'pretty' ? prettyLines(destination) : destination;
    this.pino = pino(
      {
        level,
        mixin: ambient,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }), bindings: ({ pid }) => ({ pid: pid as number }) },
        redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
      },
      lines ?? new GatheredLines(pino.destination(1)),
    );
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(CHATTY.has(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  // Nest passes the context as the last argument, and before it a stack when it logs an error.
  private write(level: Level, message: unknown, rest: unknown[]): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const context = rest.at(-1);
    const stack = rest.length > 1 ? rest[0] : undefined;
    const fields = { ...(context !== undefined && { context }), ...(stack !== undefined && { stack }) };
    if (message instanceof Error) this.pino[level]({ ...fields, err: message }, message.message);
    else if (typeof message === 'object' && message !== null) this.pino[level]({ ...fields, ...message });
    else this.pino[level](fields, String(message));
  }
}

/** Loaded when a person looks on: machines, which read JSON, start without it. */
function prettyLines(destination?: DestinationStream): DestinationStream {
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  return pretty({ ignore: 'pid,hostname', singleLine: true, destination });
}
