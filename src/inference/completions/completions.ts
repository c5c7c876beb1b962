import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import { CompletionRequest } from '../contracts/index.js';

export interface StoredCompletion {
  id: string;
  fingerprint: string;
  model: string;
  createdAt: Date;
  /** A new request may take its key. */
  over: boolean;
}

export interface NewCompletion {
  id: string;
  userId: string;
  key: string;
  fingerprint: string;
  request: CompletionRequest;
  model: string;
  createdAt: Date;
}

/** Requests of `/v1` that can be sent again, by account and key. */
@Injectable()
export class Completions {
  constructor(private readonly db: Database) {}

  /** Whoever asks for a key next waits until the ambient unit of work is over. */
  async find(userId: string, key: string): Promise<StoredCompletion | null> {
    const lock = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`;
    await this.db.query(lock, [`parley.completion.${userId}.${key}`]);
    const [row] = await this.db.query<Omit<StoredCompletion, 'createdAt'> & { created_at: Date }>(
      `SELECT c.id, c.fingerprint, c.model, c.created_at,
              c.expires_at <= now() OR coalesce(g.status = 'failed', false) AS over
       FROM inference.completions c LEFT JOIN inference.generations g ON g.id = c.id
       WHERE c.user_id = $1 AND c.key = $2`,
      [userId, key],
    );
    if (!row) return null;
    const { created_at: createdAt, ...rest } = row;
    return { ...rest, createdAt };
  }

  async add({ id, userId, key, fingerprint, request, model, createdAt }: NewCompletion, hours: number): Promise<void> {
    await this.db.query(
      `INSERT INTO inference.completions (id, user_id, key, fingerprint, request, model, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $7::timestamptz + $8 * interval '1 hour')`,
      [id, userId, key, fingerprint, JSON.stringify(request), model, createdAt, hours],
    );
  }

  /** What was asked; null when it is forgotten. */
  async request(id: string): Promise<CompletionRequest | null> {
    const [row] = await this.db.query<{ request: CompletionRequest }>(
      `SELECT request FROM inference.completions WHERE id = $1`,
      [id],
    );
    return row ? CompletionRequest.parse(row.request) : null;
  }

  async remove(id: string): Promise<void> {
    await this.db.query(`DELETE FROM inference.completions WHERE id = $1`, [id]);
  }

  /** Forgets those whose time is over; resolves to their ids. */
  async removeExpired(): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(
      `DELETE FROM inference.completions WHERE expires_at <= now() RETURNING id`,
      [],
    );
    return rows.map(({ id }) => id);
  }
}
