import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAdapters1790000920000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Bytes lie in the storage, a piece an object; a row of `upload_parts` is what makes one count.
    await runner.query(`
      CREATE TABLE explore.uploads (
        id uuid PRIMARY KEY,
        owner_id uuid NOT NULL,
        file_name text NOT NULL,
        size_bytes bigint NOT NULL,
        received_bytes bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX uploads_by_owner ON explore.uploads (owner_id)`);
    await runner.query(`CREATE INDEX uploads_by_end ON explore.uploads (expires_at)`);
    await runner.query(`
      CREATE TABLE explore.upload_parts (
        upload_id uuid NOT NULL REFERENCES explore.uploads (id) ON DELETE CASCADE,
        start_byte bigint NOT NULL,
        bytes integer NOT NULL,
        key text NOT NULL,
        PRIMARY KEY (upload_id, start_byte)
      )`);
    await runner.query(`
      CREATE TABLE explore.adapters (
        id uuid PRIMARY KEY,
        owner_id uuid NOT NULL,
        name text NOT NULL,
        description text NOT NULL,
        license text,
        visibility text NOT NULL CHECK (visibility IN ('private', 'group', 'public')),
        visible_to text CHECK (visible_to IN ('admin', 'user')),
        base_digest text,
        browser_base_digest text,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CHECK (base_digest IS NOT NULL OR browser_base_digest IS NOT NULL)
      )`);
    await runner.query(`CREATE INDEX adapters_by_owner ON explore.adapters (owner_id, id DESC)`);
    await runner.query(`CREATE INDEX adapters_by_base ON explore.adapters (base_digest)`);
    await runner.query(`CREATE INDEX adapters_by_browser_base ON explore.adapters (browser_base_digest)`);
    // \`epoch\` counts the workers that took a conversion: an older one can write no more.
    await runner.query(`
      CREATE TABLE explore.adapter_versions (
        id uuid PRIMARY KEY,
        adapter_id uuid NOT NULL REFERENCES explore.adapters (id) ON DELETE CASCADE,
        number integer NOT NULL,
        status text NOT NULL CHECK (status IN ('queued', 'converting', 'ready', 'failed')),
        epoch integer NOT NULL DEFAULT 0,
        step text,
        progress double precision NOT NULL DEFAULT 0,
        error jsonb,
        notes jsonb NOT NULL DEFAULT '[]',
        rank integer,
        scale double precision,
        made_for text,
        upload_ids uuid[] NOT NULL,
        created_at timestamptz NOT NULL,
        UNIQUE (adapter_id, number)
      )`);
    await runner.query(`
      CREATE TABLE explore.adapter_files (
        version_id uuid NOT NULL REFERENCES explore.adapter_versions (id) ON DELETE CASCADE,
        encoding text NOT NULL CHECK (encoding IN ('gguf', 'mediapipe')),
        digest text NOT NULL,
        size_bytes bigint NOT NULL,
        key text NOT NULL,
        PRIMARY KEY (version_id, encoding)
      )`);
    await runner.query(`CREATE INDEX adapter_files_by_digest ON explore.adapter_files (digest)`);
    await runner.query(`
      CREATE TABLE explore.browser_models (
        id text PRIMARY KEY,
        name text NOT NULL,
        digest text NOT NULL UNIQUE,
        size_bytes bigint NOT NULL,
        format text NOT NULL CHECK (format IN ('bin', 'task', 'litertlm')),
        lora boolean NOT NULL,
        license text,
        key text NOT NULL,
        installed_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['browser_models', 'adapter_files', 'adapter_versions', 'adapters', 'upload_parts', 'uploads'])
      await runner.query(`DROP TABLE explore.${table}`);
  }
}
