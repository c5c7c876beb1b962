import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import type { ManagedUserView, UserView } from '../contracts/index.js';
import type { User } from '../domain/user.js';

interface Row {
  id: string;
  email: string;
  name: string;
  role: User['role'];
  created_at: Date;
  disabled_at: Date | null;
}

const columns = 'id, email, name, role, created_at, disabled_at';

const toUser = (row: Row): User => ({
  id: row.id,
  email: row.email,
  name: row.name,
  role: row.role,
  createdAt: row.created_at,
  disabledAt: row.disabled_at,
});

export const toUserView = ({ id, email, name, role, createdAt }: User): UserView => ({
  id,
  email,
  name,
  role,
  createdAt: createdAt.toISOString(),
});

export const toManagedUserView = (user: User): ManagedUserView => ({
  ...toUserView(user),
  disabledAt: user.disabledAt?.toISOString() ?? null,
});

/** Any number that no other lock uses. */
const FIRST_ACCOUNT_LOCK = 7_275_391;

@Injectable()
export class Users {
  constructor(private readonly db: Database) {}

  async find(id: string): Promise<User | undefined> {
    const [row] = await this.db.query<Row>(`SELECT ${columns} FROM auth.users WHERE id = $1`, [id]);
    return row && toUser(row);
  }

  async findByEmail(email: string): Promise<{ user: User; passwordHash: string } | undefined> {
    const [row] = await this.db.query<Row & { password_hash: string }>(
      `SELECT ${columns}, password_hash FROM auth.users WHERE email = $1`,
      [email],
    );
    return row && { user: toUser(row), passwordHash: row.password_hash };
  }

  async list(): Promise<User[]> {
    const rows = await this.db.query<Row>(`SELECT ${columns} FROM auth.users ORDER BY created_at, id LIMIT 1000`, []);
    return rows.map(toUser);
  }

  async any(): Promise<boolean> {
    const [row] = await this.db.query<{ any: boolean }>(`SELECT EXISTS (SELECT 1 FROM auth.users) AS any`, []);
    return row?.any ?? false;
  }

  /** Until the ambient unit ends, nobody else may find out whether there are accounts, or make one. */
  async lock(): Promise<void> {
    await this.db.query(`SELECT pg_advisory_xact_lock(${FIRST_ACCOUNT_LOCK})`, []);
  }

  /** False when the address has an account. */
  async add(user: User, passwordHash: string): Promise<boolean> {
    const added = await this.db.query(
      `INSERT INTO auth.users (id, email, name, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (email) DO NOTHING RETURNING id`,
      [user.id, user.email, user.name, user.role, passwordHash, user.createdAt],
    );
    return added.length > 0;
  }

  async setDisabled(id: string, at: Date | null): Promise<void> {
    await this.db.query(`UPDATE auth.users SET disabled_at = $2 WHERE id = $1`, [id, at]);
  }

  async activeAdministrators(): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(
      `SELECT id FROM auth.users WHERE role = 'admin' AND disabled_at IS NULL ORDER BY created_at, id`,
      [],
    );
    return rows.map(({ id }) => id);
  }
}
