import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateInstalls1790000200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS explore`);
    await runner.query(`
      CREATE TABLE explore.installs (
        id uuid PRIMARY KEY,
        catalogue_id text NOT NULL,
        name text NOT NULL,
        digest text,
        status text NOT NULL
          CHECK (status IN ('queued', 'downloading', 'verifying', 'installed', 'cancelled', 'failed')),
        source text CHECK (source IN ('folder', 'huggingface', 'pypi')),
        received_bytes bigint NOT NULL DEFAULT 0,
        total_bytes bigint NOT NULL,
        error jsonb,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        revision integer NOT NULL DEFAULT 1
      )`);
    // One active install of a model, whoever asks for the second and at the same moment.
    await runner.query(`
      CREATE UNIQUE INDEX installs_active ON explore.installs (coalesce(digest, catalogue_id))
      WHERE status IN ('queued', 'downloading', 'verifying')`);
    await runner.query(`CREATE INDEX installs_by_entry ON explore.installs (catalogue_id, created_at DESC)`);
    await runner.query(`
      CREATE TABLE explore.models (
        id text PRIMARY KEY,
        catalogue_id text NOT NULL,
        name text NOT NULL,
        digest text NOT NULL UNIQUE,
        size_bytes bigint NOT NULL,
        architecture text NOT NULL,
        context_length integer NOT NULL,
        license text,
        is_default boolean NOT NULL DEFAULT false,
        available boolean NOT NULL DEFAULT true,
        installed_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE UNIQUE INDEX models_default ON explore.models (is_default) WHERE is_default`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA explore CASCADE`);
  }
}
