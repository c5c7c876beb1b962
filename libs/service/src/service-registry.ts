import { hostname } from 'node:os';
import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { newId } from '@app/kernel';
import { LoadMeter } from './process-load.js';
import type { ServiceDirectory } from './service-directory.js';

/** What a process says about itself. */
export interface Announcement {
  service: string;
  version: string;
  /** Modules whose messages it handles. */
  modules: readonly string[];
  /** Modules that it serves over HTTP. */
  http: readonly string[];
  /** Types that it answers. */
  types: readonly string[];
  /** Queues that it works on. */
  queues: readonly string[];
}

/** What it needs of a database; `Database` of libs/persistence is one. */
export interface Sql {
  query<T = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<T[]>;
}

export interface RegistryOptions {
  /** Milliseconds between two beats. Default 2,000. */
  beatMs?: number;
  /** Silence after which a process counts as gone. Default 10,000. */
  staleMs?: number;
  /** Has the first beat done later, where nobody else is to know of the process at once. Default: it starts with it. */
  soon?: (beat: () => Promise<void>) => void;
  /** HTTP requests that are being answered. */
  runningRequests?: () => number | null;
  /** Deliveries that run in this process and that others cannot know of, by queue. */
  runningDeliveries?: () => Record<string, number>;
}

interface Seen {
  service: string;
  modules: string[];
  types: string[];
  alive: boolean;
}

const SWEEP_EVERY_MS = 60_000;

/**
 * Announces this process in `platform.instances`, and brings the directory up to date with the others, at each beat. A
 * database that fails never harms the process: the beat is missed, said once, and made up for by the next one.
 */
export class ServiceRegistry implements OnApplicationBootstrap, OnModuleDestroy {
  readonly id = newId();
  private readonly logger = new Logger('Registry');
  private readonly meter = new LoadMeter();
  private readonly startedAt = new Date(Date.now() - process.uptime() * 1000);
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> | undefined;
  private failing = false;
  private left = false;
  private seenAt = -Infinity;
  private sweptAt = -Infinity;

  constructor(
    private readonly sql: Sql,
    private readonly directory: ServiceDirectory,
    /** Asked once all handlers are known. */
    private readonly announce: () => Announcement,
    private readonly options: RegistryOptions = {},
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.meter.start();
    this.timer = setInterval(() => void this.beat(), this.options.beatMs ?? 2_000).unref();
    if (this.options.soon) this.options.soon(() => this.beat());
    else await this.beat();
  }

  /** Says goodbye at once: nobody is to count on a process that ends. */
  async onModuleDestroy(): Promise<void> {
    this.left = true;
    clearInterval(this.timer);
    this.meter.stop();
    await this.beating;
    try {
      await this.sql.query('DELETE FROM platform.instances WHERE id = $1', [this.id]);
    } catch (err) {
      this.logger.warn({ msg: 'Could not sign off: this process will show as gone in a while', err });
    }
  }

  /** One beat; never rejects. A second call while one is on its way waits for that. */
  beat(): Promise<void> {
    if (this.left) return Promise.resolve();
    return (this.beating ??= this.beatNow().finally(() => (this.beating = undefined)));
  }

  /** Beats unless the directory is younger than `maxAgeMs`: for who must not be told what was. */
  async fresh(maxAgeMs: number): Promise<void> {
    if (performance.now() - this.seenAt > maxAgeMs) await this.beat();
  }

  private async beatNow(): Promise<void> {
    try {
      await this.write();
      await this.look();
      await this.sweep();
      if (this.failing) this.logger.log('Announced again');
      this.failing = false;
    } catch (err) {
      if (!this.failing) this.logger.warn({ msg: 'Could not announce this process: will be tried again', err });
      this.failing = true;
    }
  }

  private async write(): Promise<void> {
    const { service, version, modules, http, types, queues } = this.announce();
    const load = {
      ...this.meter.read(),
      runningRequests: this.options.runningRequests?.() ?? null,
      runningDeliveries: this.options.runningDeliveries?.() ?? {},
    };
    await this.sql.query(
      `INSERT INTO platform.instances
         (id, service, version, modules, http, types, queues, host, pid, started_at, last_beat, load)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp(), $11::jsonb)
       ON CONFLICT (id) DO UPDATE SET last_beat = clock_timestamp(), load = excluded.load`,
      [
        this.id,
        service,
        version,
        ...[modules, http, types, queues],
        ...[hostname(), process.pid, this.startedAt, JSON.stringify(load)],
      ],
    );
  }

  private async look(): Promise<void> {
    const rows = await this.sql.query<Seen>(
      `SELECT service, modules, types, last_beat > clock_timestamp() - $1::float8 * interval '1 millisecond' AS alive
       FROM platform.instances`,
      [this.options.staleMs ?? STALE_MS],
    );
    this.directory.update(rows);
    this.seenAt = performance.now();
  }

  /** What was killed could not sign off; a day is long enough to wonder about it. */
  private async sweep(): Promise<void> {
    if (performance.now() - this.sweptAt < SWEEP_EVERY_MS) return;
    await this.sql.query(`DELETE FROM platform.instances WHERE last_beat < clock_timestamp() - interval '1 day'`);
    this.sweptAt = performance.now();
  }
}

const STALE_MS = 10_000;
