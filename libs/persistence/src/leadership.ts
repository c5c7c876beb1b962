import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import pg from 'pg';

/** How often a leader makes sure that it still is one. */
const CHECK_MS = 5_000;
const RETRY_MS = 500;

/**
 * One process of all that share a PostgreSQL does a piece of work that must not be done twice at once. The lock lives as
 * long as a connection of its own: when a leader dies, the next in the line is elected at that moment.
 */
export class Leadership {
  readonly #logger = new Logger('Persistence');
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;

  /** @param elected called on each election; its signal aborts when the lead is lost or given back */
  constructor(
    private readonly url: string,
    private readonly name: string,
    private readonly elected: (lost: AbortSignal) => void,
  ) {
    this.#ended = this.#run();
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
    const client = new pg.Client({
      connectionString: this.url,
      application_name: `parley lead ${this.name}`,
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
      if (stopping.aborted) return;
      this.elected(lost.signal);
      while (!stopping.aborted) {
        await Promise.race([sleep(CHECK_MS, undefined, { signal: stopping, ref: false }).catch(() => undefined), over]);
        if (!stopping.aborted) await Promise.race([client.query('SELECT 1'), over, tooLate(stopping)]);
      }
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
