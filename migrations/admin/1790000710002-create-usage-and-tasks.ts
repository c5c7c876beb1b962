import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsageAndTasks1790000710002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS admin`);
    // How far a read model of this module has followed the events; written together with it.
    await runner.query(`
      CREATE TABLE admin.followed (
        name text PRIMARY KEY,
        position bigint NOT NULL
      )`);
    // Days are those of UTC.
    await runner.query(`
      CREATE TABLE admin.answers (
        day date NOT NULL,
        user_id text NOT NULL,
        model text NOT NULL,
        complete int NOT NULL DEFAULT 0,
        stopped int NOT NULL DEFAULT 0,
        failed int NOT NULL DEFAULT 0,
        prompt_tokens bigint NOT NULL DEFAULT 0,
        completion_tokens bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (day, user_id, model)
      )`);
    // Time to first token: answers below each bound (milliseconds) and above the one before it.
    await runner.query(`
      CREATE TABLE admin.latencies (
        day date NOT NULL,
        model text NOT NULL,
        below_ms int NOT NULL,
        answers int NOT NULL DEFAULT 0,
        PRIMARY KEY (day, model, below_ms)
      )`);
    await runner.query(`
      CREATE TABLE admin.happenings (
        day date NOT NULL,
        kind text NOT NULL,
        count int NOT NULL DEFAULT 0,
        PRIMARY KEY (day, kind)
      )`);
    await runner.query(`
      CREATE TABLE admin.tasks (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        params jsonb NOT NULL,
        status text NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
        done bigint NOT NULL DEFAULT 0,
        total bigint,
        note text,
        result jsonb,
        error jsonb,
        cancel_requested boolean NOT NULL DEFAULT false,
        attempts int NOT NULL DEFAULT 0,
        requested_by text,
        created_at timestamptz NOT NULL,
        started_at timestamptz,
        finished_at timestamptz
      )`);
    await runner.query(`CREATE INDEX tasks_by_time ON admin.tasks (created_at DESC)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA admin CASCADE`);
  }
}
