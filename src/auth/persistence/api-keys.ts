import { Injectable } from '@nestjs/common';
import type { Actor } from '@app/messaging';
import { Database } from '@app/persistence';
import type { ApiKeyView, Scope } from '../contracts/index.js';

interface Row {
  id: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

const columns = 'id, name, prefix, scopes, created_at, expires_at, last_used_at';

const toView = (row: Row): ApiKeyView => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  scopes: row.scopes,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
});

export interface NewApiKey {
  id: string;
  userId: string;
  name: string;
  digest: string;
  prefix: string;
  scopes: readonly Scope[];
  origin: 'person' | 'environment';
  now: Date;
  expiresAt: Date | null;
}

/** Written down so coarsely, a busy key costs no write. */
const USE_IS_NEWS_AFTER_MS = 3_600_000;

@Injectable()
export class ApiKeys {
  constructor(private readonly db: Database) {}

  /** Undefined when there is a key with this digest. */
  async add(key: NewApiKey): Promise<ApiKeyView | undefined> {
    const [row] = await this.db.query<Row>(
      `INSERT INTO auth.api_keys (id, user_id, name, digest, prefix, scopes, origin, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (digest) DO NOTHING RETURNING ${columns}`,
      [key.id, key.userId, key.name, key.digest, key.prefix, key.scopes, key.origin, key.now, key.expiresAt],
    );
    return row && toView(row);
  }

  async listOf(userId: string): Promise<ApiKeyView[]> {
    const rows = await this.db.query<Row>(
      `SELECT ${columns} FROM auth.api_keys WHERE user_id = $1 AND revoked_at IS NULL ORDER BY created_at DESC, id DESC`,
      [userId],
    );
    return rows.map(toView);
  }

  async countOf(userId: string): Promise<number> {
    const [row] = await this.db.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM auth.api_keys WHERE user_id = $1 AND revoked_at IS NULL`,
      [userId],
    );
    return row?.count ?? 0;
  }

  /** False when this person has no such key. */
  async revoke(id: string, userId: string, now: Date): Promise<boolean> {
    const revoked = await this.db.query(
      `UPDATE auth.api_keys SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING id`,
      [id, userId, now],
    );
    return revoked.length > 0;
  }

  /** Digests of the keys that a setting brought. */
  async digestsFromEnvironment(): Promise<string[]> {
    const rows = await this.db.query<{ digest: string }>(
      `SELECT digest FROM auth.api_keys WHERE origin = 'environment'`,
      [],
    );
    return rows.map(({ digest }) => digest);
  }

  /** Keys that an earlier setting brought and the present one does not. */
  async dropFromEnvironmentExcept(digest: string | null): Promise<void> {
    await this.db.query(
      `DELETE FROM auth.api_keys WHERE origin = 'environment' AND ($1::text IS NULL OR digest <> $1)`,
      [digest],
    );
  }

  /** Whom the key stands for, if it and its account are good now; notes that it was used. */
  async use(digest: string, now: Date): Promise<{ id: string; actor: Actor; expiresAt: Date | null } | undefined> {
    const [row] = await this.db.query<{
      id: string;
      user_id: string;
      role: Actor['role'];
      scopes: string[];
      expires_at: Date | null;
      last_used_at: Date | null;
    }>(
      `SELECT k.id, k.user_id, u.role, k.scopes, k.expires_at, k.last_used_at
       FROM auth.api_keys k JOIN auth.users u ON u.id = k.user_id
       WHERE k.digest = $1 AND k.revoked_at IS NULL AND u.disabled_at IS NULL
         AND (k.expires_at IS NULL OR k.expires_at > $2)`,
      [digest, now],
    );
    if (!row) return undefined;
    if (!row.last_used_at || now.getTime() - row.last_used_at.getTime() >= USE_IS_NEWS_AFTER_MS) {
      await this.db.query(`UPDATE auth.api_keys SET last_used_at = $2 WHERE id = $1`, [row.id, now]);
    }
    const actor = { userId: row.user_id, role: row.role, scopes: row.scopes };
    return { id: row.id, actor, expiresAt: row.expires_at };
  }
}
