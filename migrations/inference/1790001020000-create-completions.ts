import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCompletions1790001020000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Requests of /v1 with an Idempotency-Key, until they expire. The id is that of the generation.
    await runner.query(`
      CREATE TABLE inference.completions (
        id uuid PRIMARY KEY,
        user_id text NOT NULL,
        key text NOT NULL,
        fingerprint text NOT NULL,
        request jsonb NOT NULL,
        model text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        UNIQUE (user_id, key)
      )`);
    await runner.query(`CREATE INDEX completions_by_expiry ON inference.completions (expires_at)`);
    // Their generations belong to no conversation.
    await runner.query(`
      ALTER TABLE inference.generations ALTER COLUMN conversation_id DROP NOT NULL, ALTER COLUMN message_id DROP NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE inference.completions`);
    await runner.query(`DELETE FROM inference.generations WHERE conversation_id IS NULL`);
    await runner.query(`
      ALTER TABLE inference.generations ALTER COLUMN conversation_id SET NOT NULL, ALTER COLUMN message_id SET NOT NULL`);
  }
}
