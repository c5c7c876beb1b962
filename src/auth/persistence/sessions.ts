import { Injectable } from '@nestjs/common';
import type { Actor } from '@app/messaging';
import { Database } from '@app/persistence';
import type { StoredRefreshToken } from '../domain/refresh-token.js';

/** A session is a family of refresh tokens, each the successor of the one before. */
@Injectable()
export class Sessions {
  constructor(private readonly db: Database) {}

  async open(session: { id: string; userId: string; digest: string; now: Date; expiresAt: Date }): Promise<void> {
    const { id, userId, digest, now, expiresAt } = session;
    await this.db.query(`DELETE FROM auth.sessions WHERE user_id = $1 AND expires_at < $2`, [userId, now]);
    await this.db.query(
      `WITH session AS (
         INSERT INTO auth.sessions (id, user_id, created_at, expires_at) VALUES ($1, $2, $4, $5) RETURNING id)
       INSERT INTO auth.refresh_tokens (digest, session_id, created_at, expires_at)
       SELECT $3, id, $4, $5 FROM session`,
      [id, userId, digest, now, expiresAt],
    );
  }

  /** The token and what it belongs to; nobody else changes it before the ambient unit ends. */
  async lockToken(
    digest: string,
  ): Promise<{ sessionId: string; userId: string; token: StoredRefreshToken } | undefined> {
    const [row] = await this.db.query<{
      session_id: string;
      user_id: string;
      used_at: Date | null;
      expires_at: Date;
      ended_at: Date | null;
      disabled_at: Date | null;
    }>(
      `SELECT t.session_id, s.user_id, t.used_at, t.expires_at, s.ended_at, u.disabled_at
       FROM auth.refresh_tokens t
       JOIN auth.sessions s ON s.id = t.session_id
       JOIN auth.users u ON u.id = s.user_id
       WHERE t.digest = $1 FOR UPDATE OF t, s`,
      [digest],
    );
    return (
      row && {
        sessionId: row.session_id,
        userId: row.user_id,
        token: {
          usedAt: row.used_at,
          expiresAt: row.expires_at,
          sessionEndedAt: row.ended_at,
          userDisabledAt: row.disabled_at,
        },
      }
    );
  }

  async rotate(change: {
    sessionId: string;
    digest: string;
    successor: string;
    now: Date;
    expiresAt: Date;
  }): Promise<void> {
    const { sessionId, digest, successor, now, expiresAt } = change;
    await this.db.query(`DELETE FROM auth.refresh_tokens WHERE session_id = $1 AND expires_at < $2`, [sessionId, now]);
    await this.db.query(
      `WITH used AS (UPDATE auth.refresh_tokens SET used_at = coalesce(used_at, $4) WHERE digest = $2),
            longer AS (UPDATE auth.sessions SET expires_at = $5 WHERE id = $1)
       INSERT INTO auth.refresh_tokens (digest, session_id, created_at, expires_at) VALUES ($3, $1, $4, $5)`,
      [sessionId, digest, successor, now, expiresAt],
    );
  }

  /** Ends the session of this token, whichever of its family it is. */
  async endByToken(digest: string, now: Date): Promise<string | null> {
    const [row] = await this.db.query<{ id: string }>(
      `UPDATE auth.sessions s SET ended_at = coalesce(ended_at, $2)
       FROM auth.refresh_tokens t WHERE t.digest = $1 AND s.id = t.session_id RETURNING s.id`,
      [digest, now],
    );
    return row?.id ?? null;
  }

  async end(sessionId: string, now: Date): Promise<void> {
    await this.db.query(`UPDATE auth.sessions SET ended_at = coalesce(ended_at, $2) WHERE id = $1`, [sessionId, now]);
  }

  async endAllOf(userId: string, now: Date): Promise<void> {
    await this.db.query(`UPDATE auth.sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL`, [
      userId,
      now,
    ]);
  }

  /** Whom the session stands for; null when it or its account is out of use. */
  async actorOf(sessionId: string): Promise<Actor | null> {
    const [row] = await this.db.query<{ id: string; role: Actor['role'] }>(
      `SELECT u.id, u.role FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id
       WHERE s.id = $1 AND s.ended_at IS NULL AND u.disabled_at IS NULL`,
      [sessionId],
    );
    return row ? { userId: row.id, role: row.role } : null;
  }
}
