import { statfsSync } from 'node:fs';
import type { PGlite } from '@electric-sql/pglite';
import { createPgConfig, type PglitePgConnection } from '@electric-sql/pglite/node-postgres';
import pg from 'pg';
import { openPostgres } from '@app/embedded';
import { PgliteStatements } from './pglite-statements.js';

type Send = PGlite['execProtocolStream'];
type Answer = Awaited<ReturnType<Send>>;

/** Recovery begins a new file of the write-ahead log, which has 16 MiB. */
const NEEDED_TO_BEGIN = 32 * 1024 * 1024;

/** Errors are answers, and a folder needs no step of its own to be in its folder. */
const EXCHANGE = { throwOnError: false, syncToFs: false };

/** Protocol messages after which an answer is waited for: Sync, Flush, Query. */
const ENDS_A_BATCH = new Set([...'SHQ'].map((letter) => letter.charCodeAt(0)));
const ENDS_A_STATEMENT = new Set(['commandComplete', 'emptyQuery', 'portalSuspended', 'closeComplete', 'error']);

/**
 * The one session of an embedded database, behind as many connections as pg makes, one after the other. After a panic
 * (a full disk, a fault in WebAssembly) PGlite goes on answering, and wrongly: then the session begins anew from its
 * folder, as a server would.
 */
export class PgliteSession {
  #waiting: Uint8Array[] = [];
  #end: { cause: unknown } | null = null;
  #used = false;

  private constructor(
    private readonly folder: string,
    private db: PGlite,
  ) {}

  /** @param opening the folder's database */
  static async open(folder: string, opening: Promise<PGlite>): Promise<PgliteSession> {
    return new PgliteSession(folder, await orOutOfRoom(folder, opening));
  }

  /** What pg's Pool is to use for a client: pg's own, with a shorter way for prepared statements. */
  get Client() {
    const connect = () => this.#connect();
    const exchange = (batch: Uint8Array) => this.#exchange(batch);
    return class extends pg.Client {
      readonly statements = new PgliteStatements(exchange);

      constructor(options?: pg.ClientConfig) {
        super({ ...options, connection: connect() } as pg.ClientConfig);
      }
    };
  }

  async close(): Promise<void> {
    if (!this.#end) await this.db.close();
  }

  /** Like a connection to a server it begins with nothing prepared and in no transaction. */
  #connect(): PglitePgConnection {
    const waitReady = this.#begin();
    const execProtocolStream: Send = (message) => this.#send(message);
    return createPgConfig({ waitReady, execProtocolStream } as PGlite).connection;
  }

  async #begin(): Promise<void> {
    this.#waiting = [];
    try {
      if (this.#end) this.db = await orOutOfRoom(this.folder, openPostgres(this.folder));
      else if (this.#used) for (const statement of ['ROLLBACK', 'DISCARD ALL']) await this.db.exec(statement);
      this.#used = true;
      this.#end = null;
    } catch (cause) {
      // pg expects no failure here: the first statement is told.
      this.#end = { cause };
    }
  }

  /**
   * pg sends each message of a statement (parse, bind, describe, execute, sync) by itself. Together they take less than
   * two thirds of the time, and above all PGlite answers the rest of a failed statement wrongly when it comes later.
   */
  async #send(message: Uint8Array): Promise<Answer> {
    this.#waiting.push(message);
    if (!ENDS_A_BATCH.has(message[0] ?? 0)) return [];
    const batch = this.#waiting.length === 1 ? message : Buffer.concat(this.#waiting);
    this.#waiting = [];
    return this.#exchange(batch);
  }

  async #exchange(batch: Uint8Array): Promise<Answer> {
    if (!this.#end) {
      try {
        const answer = await this.db.execProtocolStream(batch, EXCHANGE);
        const cause = endOf(answer);
        if (!cause) return answer;
        this.#end = { cause };
      } catch (cause) {
        this.#end = { cause };
      }
    }
    return this.#farewell(this.#end.cause);
  }

  /** What a server says that ends; pg gives the connection up on it. */
  #farewell(cause: unknown): Answer {
    const reason = hasRoom(this.folder) ? cause : outOfRoom(cause);
    const { message, code } = reason as Partial<Error & { code: unknown }>;
    const error = Object.assign(new Error(message, { cause }), { name: 'error', severity: 'FATAL', code });
    return [error, { name: 'readyForQuery', length: 5, status: 'I' }] as unknown as Answer;
  }
}

async function orOutOfRoom<T>(folder: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw hasRoom(folder) ? error : outOfRoom(error);
  }
}

/** What a full disk does to PostgreSQL in WebAssembly has many names, so the disk is asked. */
function hasRoom(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > NEEDED_TO_BEGIN;
}

const outOfRoom = (cause: unknown) =>
  Object.assign(new Error('No space left on device', { cause }), { code: 'ENOSPC' });

/** What ended the session, if it did. */
function endOf(answer: Answer): unknown {
  for (const message of answer) {
    if (message instanceof Error && 'severity' in message && message.severity !== 'ERROR') return message;
  }
  const whole = answer.at(-1)?.name === 'readyForQuery' && answer.some(({ name }) => ENDS_A_STATEMENT.has(name));
  return whole ? null : new Error('The embedded database gave no answer.');
}
