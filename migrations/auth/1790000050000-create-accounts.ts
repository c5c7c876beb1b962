import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts, their sessions with the chain of refresh tokens, and API keys. Of secrets only hashes are kept. */
export class CreateAccounts1790000050000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS auth`);
    await runner.query(`
      CREATE TABLE auth.users (
        id uuid PRIMARY KEY,
        email text NOT NULL UNIQUE CHECK (email = lower(email)),
        name text NOT NULL,
        role text NOT NULL CHECK (role IN ('admin', 'user')),
        password_hash text NOT NULL,
        created_at timestamptz NOT NULL,
        disabled_at timestamptz
      )`);
    await runner.query(`
      CREATE TABLE auth.sessions (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
      )`);
    await runner.query(`CREATE INDEX sessions_by_user ON auth.sessions (user_id, expires_at)`);
    await runner.query(`
      CREATE TABLE auth.refresh_tokens (
        digest text PRIMARY KEY,
        session_id uuid NOT NULL REFERENCES auth.sessions ON DELETE CASCADE,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz
      )`);
    await runner.query(`CREATE INDEX refresh_tokens_by_session ON auth.refresh_tokens (session_id, expires_at)`);
    await runner.query(`
      CREATE TABLE auth.api_keys (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
        name text NOT NULL,
        digest text NOT NULL UNIQUE,
        prefix text NOT NULL,
        scopes text[] NOT NULL,
        origin text NOT NULL CHECK (origin IN ('person', 'environment')),
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz
      )`);
    await runner.query(`CREATE INDEX api_keys_by_user ON auth.api_keys (user_id, created_at DESC)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA auth CASCADE`);
  }
}
