import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateGenerations1790000200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS inference`);
    // One row an answer. `epoch` counts the workers that took it: an older one can write no more.
    await runner.query(`
      CREATE TABLE inference.generations (
        id uuid PRIMARY KEY,
        conversation_id uuid NOT NULL,
        message_id uuid NOT NULL,
        status text NOT NULL CHECK (status IN ('queued', 'running', 'complete', 'stopped', 'failed')),
        epoch int NOT NULL DEFAULT 0,
        sampler jsonb,
        model text,
        model_digest text,
        phase jsonb,
        stop_requested boolean NOT NULL DEFAULT false,
        last_sequence int,
        error jsonb,
        metadata jsonb,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        first_token_at timestamptz,
        finished_at timestamptz
      )`);
    await runner.query(
      `CREATE INDEX generations_waiting ON inference.generations (created_at, id) WHERE status = 'queued'`,
    );
    // The generation log: what a reader may see, and what a successor continues from.
    await runner.query(`
      CREATE TABLE inference.generation_chunks (
        generation_id uuid NOT NULL,
        sequence int NOT NULL,
        kind text NOT NULL CHECK (kind IN ('token', 'restart')),
        text text NOT NULL,
        token_ids jsonb NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (generation_id, sequence)
      )`);
    // A copy of what explore says is installed.
    await runner.query(`
      CREATE TABLE inference.models (
        id text PRIMARY KEY,
        name text NOT NULL,
        digest text NOT NULL,
        size_bytes bigint NOT NULL,
        context_length int,
        is_default boolean NOT NULL,
        installed_at timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA inference CASCADE`);
  }
}
