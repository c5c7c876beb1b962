import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import pg from 'pg';

/** How often a leader makes sure that it still is one. */
const CHECK_MS = 5_000;
const RETRY_MS = 500;

/** Whoever goes first says so by the name of its connection. */
const FIRST_WAITS = 'SELECT FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()';

/** Called on each election. `lost` aborts when the lead is over; what it returns is waited for before the next one has it. */
export type Elected = (lost: AbortSignal) => () => Promise<void>;

/**
 * One process of all that share a PostgreSQL does a piece of work that must not be done twice at once. The lock lives as
 * long as a connection of its own: when a leader dies, the next in the line is elected at that moment. Who has the best
 * place for the work goes first: a leader that has not hands the lead on as soon as one that has waits for it.
 */
export class Leadership {
  readonly #logger = new Logger('Persistence');
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;

  constructor(
    private readonly url: string,
    private readonly name: string,
    private readonly elected: Elected,
    private readonly options: { first?: boolean; checkMs?: number } = {},
  ) {
    this.#ended = this.#run();
  }

  get #nameOfFirst(): string {
    return `parley lead ${this.name} first`;
  }

  /** Gives the lead back; the next in the line has it at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#term(signal).catch((err: Error) => {
        if (!signal.aborted)
          this.#logger.warn({ msg: `Lost the lead of ${this.name}, or the way to it`, err: err.message });
      });
      await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** From waiting in the line to the end of the lead. */
  async #term(stopping: AbortSignal): Promise<void> {
    const { first = false, checkMs = CHECK_MS } = this.options;
    const client = new pg.Client({
      connectionString: this.url,
      application_name: first ? this.#nameOfFirst : `parley lead ${this.name}`,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    const lost = new AbortController();
    const { promise: over, resolve: end, reject: fail } = Promise.withResolvers<void>();
    client.on('error', fail);
    client.on('end', () => fail(new Error('The connection ended.')));
    stopping.addEventListener('abort', () => end(), { once: true });
    over.catch(() => undefined);
    try {
      await Promise.race([client.connect(), over]);
      if (stopping.aborted) return;
      // So that the server, too, soon notices a leader whose machine or network is gone.
      await client.query('SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3');
      const locked = client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`parley.lead.${this.name}`]);
      await Promise.race([locked, over]);
      // Also makes sure that the connection is still there.
      const isFirst = async (): Promise<boolean> => {
        const asked = await Promise.race([client.query(FIRST_WAITS, [this.#nameOfFirst]), over, tooLate(stopping)]);
        return first || !asked?.rowCount;
      };
      if (stopping.aborted || !(await isFirst())) return;
      const ended = this.elected(lost.signal);
      for (;;) {
        await Promise.race([sleep(checkMs, undefined, { signal: stopping, ref: false }).catch(() => undefined), over]);
        if (stopping.aborted || !(await isFirst())) break;
      }
      lost.abort();
      // Nobody else begins before this one has come to its end.
      await Promise.race([ended(), sleep(CHECK_MS, undefined, { ref: false })]);
    } finally {
      lost.abort();
      // A connection that still waits for the lock ends only with its socket.
      (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    }
  }
}

async function tooLate(signal: AbortSignal): Promise<never> {
  await sleep(CHECK_MS, undefined, { signal, ref: false });
  throw new Error('The database does not answer.');
}
