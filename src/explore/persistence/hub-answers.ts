import { Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { Database } from '@app/persistence';
import type { z } from 'zod';

/** Answers that are kept; beyond, the oldest go. */
const MOST_ANSWERS = 5_000;

export interface Answered<T> {
  value: T;
  fetchedAt: Date;
  /** Why it could not be asked anew: the value is an older one. */
  problem: DomainError | null;
}

/** Answers of the hub in the database: the same question is asked once a while, and an outage has an older answer. */
@Injectable()
export class HubAnswers {
  private readonly asking = new Map<string, Promise<unknown>>();

  constructor(private readonly db: Database) {}

  /** @param freshMs so old an answer is still taken without asking */
  async read<T>(key: string, shape: z.ZodType<T>, freshMs: number, ask: () => Promise<T>): Promise<Answered<T>> {
    const kept = await this.find(key, shape);
    if (kept && Date.now() - kept.fetchedAt.getTime() < freshMs) return { ...kept, problem: null };
    try {
      return { value: await this.askOnce(key, ask), fetchedAt: new Date(), problem: null };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (kept && (error.kind === 'unavailable' || error.kind === 'rate-limited')) return { ...kept, problem: error };
      // What the hub no longer has or shows is not shown here either.
      if (error.kind === 'not-found' || error.kind === 'forbidden')
        await this.db.query(`DELETE FROM explore.hub_answers WHERE key = $1`, [key]);
      throw error;
    }
  }

  private async find<T>(key: string, shape: z.ZodType<T>): Promise<{ value: T; fetchedAt: Date } | null> {
    const [row] = await this.db.query<{ body: unknown; fetched_at: Date }>(
      `SELECT body, fetched_at FROM explore.hub_answers WHERE key = $1`,
      [key],
    );
    // Another version of Parley may have kept another shape.
    const parsed = row && shape.safeParse(row.body);
    return parsed?.success ? { value: parsed.data, fetchedAt: row!.fetched_at } : null;
  }

  /** Those who ask the same at the same time share one answer. */
  private askOnce<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const running = this.asking.get(key) as Promise<T> | undefined;
    if (running) return running;
    const asking = this.askAndKeep(key, ask).finally(() => this.asking.delete(key));
    this.asking.set(key, asking);
    return asking;
  }

  private async askAndKeep<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const value = await ask();
    await this.db.query(
      `INSERT INTO explore.hub_answers (key, body, fetched_at) VALUES ($1, $2::jsonb, now())
       ON CONFLICT (key) DO UPDATE SET body = excluded.body, fetched_at = excluded.fetched_at`,
      [key, JSON.stringify(value)],
    );
    await this.db.query(
      `DELETE FROM explore.hub_answers WHERE fetched_at <
         (SELECT fetched_at FROM explore.hub_answers ORDER BY fetched_at DESC OFFSET ${MOST_ANSWERS} LIMIT 1)`,
    );
    return value;
  }
}
