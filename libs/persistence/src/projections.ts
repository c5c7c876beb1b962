import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { DomainError } from '@app/kernel';
import { Database } from './database.js';
import { type EventListener, EventStore, type StoredEvent } from './event-store.js';
import { type Projection, PROJECTS } from './projection.js';

const BATCH = 500;
/** How often somebody who waits is told how far it is. */
const TELL_MS = 200;
const LOOK_AGAIN_MS = 200;

/** All projections of this process. */
@Injectable()
export class Projections implements EventListener, OnModuleInit {
  readonly #all: Projection[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly db: Database,
    private readonly events: EventStore,
  ) {}

  onModuleInit(): void {
    for (const { metatype, instance } of this.discovery.getProviders()) {
      if (typeof metatype === 'function' && instance && this.reflector.get(PROJECTS, metatype)) {
        this.add(instance as Projection);
      }
    }
    this.events.listen(this);
  }

  add(projection: Projection): void {
    // Two of one name could not be told apart by whoever rebuilds one of them.
    if (this.names.includes(projection.name)) throw new Error(`There are two projections “${projection.name}”.`);
    this.#all.push(projection);
  }

  get names(): string[] {
    return this.#all.map((projection) => projection.name);
  }

  async apply(events: readonly StoredEvent[]): Promise<void> {
    for (const projection of this.#all) {
      const wanted = events.filter(({ type }) => projection.types.includes(type));
      if (wanted.length > 0) await projection.apply(wanted);
    }
  }

  /**
   * Makes read models anew from the events, each in one transaction: readers see the old one until the new one is whole.
   * Of several processes one rebuilds a read model at a time; the others wait.
   *
   * @param names all when left out
   * @param onProgress what it throws takes that read model back
   */
  async rebuild(
    names: readonly string[] = this.names,
    onProgress?: (name: string, events: number) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const name of names) {
      const projection = this.#find(name);
      // Not waited for inside a transaction: a connection would wait with it.
      while (!(await this.db.transaction(() => this.#rebuildAlone(projection, onProgress)))) {
        await sleep(LOOK_AGAIN_MS, undefined, { signal });
      }
    }
  }

  /** The same for one, told as it goes on: events so far. When the signal aborts, everything is taken back. */
  async *rebuilding(name: string, signal: AbortSignal): AsyncGenerator<number> {
    let events = 0;
    let told = -1;
    let over = false;
    const onProgress = (_name: string, done: number) => {
      signal.throwIfAborted();
      events = done;
    };
    // Beside this generator: a slow reader must not keep the transaction open.
    const work = this.rebuild([name], onProgress, signal).finally(() => (over = true));
    work.catch(() => undefined);
    while (!over) {
      if (events !== told) yield (told = events);
      await Promise.race([work, sleep(TELL_MS, undefined, { ref: false })]);
    }
    await work;
    if (events !== told) yield events;
  }

  #find(name: string): Projection {
    const projection = this.#all.find((candidate) => candidate.name === name);
    if (projection) return projection;
    throw new DomainError('not-found', 'platform.unknown-projection', `There is no projection “${name}”.`, {
      known: this.names,
    });
  }

  /** @returns false when somebody else is at it */
  async #rebuildAlone(projection: Projection, onProgress?: (name: string, events: number) => void): Promise<boolean> {
    const [lock] = await this.db.query<{ held: boolean }>(
      `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS held`,
      [`parley.rebuild.${projection.name}`],
    );
    if (!lock?.held) return false;
    await this.#rebuild(projection, onProgress);
    return true;
  }

  async #rebuild(projection: Projection, onProgress?: (name: string, events: number) => void): Promise<void> {
    // Writers wait, so that no event falls between what is read here and what they see.
    await this.db.query(`LOCK TABLE platform.events IN SHARE MODE`);
    await projection.reset();
    let done = 0;
    for (let after = '0'; ;) {
      const batch = await this.events.readAll(after, BATCH, projection.types);
      if (batch.length > 0) await projection.apply(batch);
      done += batch.length;
      // The embedded database answers within the turn it is asked in: others of this process want theirs.
      await nextTurn();
      onProgress?.(projection.name, done);
      if (batch.length < BATCH) return;
      after = batch.at(-1)!.position;
    }
  }
}
