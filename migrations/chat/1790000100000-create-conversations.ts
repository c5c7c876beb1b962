import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The read models of chat. Both can be rebuilt from the events. */
export class CreateConversations1790000100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS chat`);
    await runner.query(`
      CREATE TABLE chat.conversations (
        id uuid PRIMARY KEY,
        owner_id uuid NOT NULL,
        title text NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        title_words tsvector GENERATED ALWAYS AS (to_tsvector('simple', title)) STORED
      )`);
    await runner.query(
      `CREATE INDEX conversations_by_owner ON chat.conversations (owner_id, updated_at DESC, id DESC)`,
    );
    await runner.query(`
      CREATE TABLE chat.messages (
        id uuid PRIMARY KEY,
        conversation_id uuid NOT NULL,
        parent_id uuid,
        role text NOT NULL CHECK (role IN ('user', 'assistant')),
        text text NOT NULL,
        status text NOT NULL CHECK (status IN ('complete', 'pending', 'stopped', 'failed')),
        model text,
        error jsonb,
        metadata jsonb,
        generation_id uuid,
        created_at timestamptz NOT NULL,
        position bigint NOT NULL,
        words tsvector GENERATED ALWAYS AS (to_tsvector('simple', left(text, 100000))) STORED
      )`);
    await runner.query(`CREATE INDEX messages_by_conversation ON chat.messages (conversation_id, position)`);
    await runner.query(`CREATE INDEX messages_by_words ON chat.messages USING gin (words)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA chat CASCADE`);
  }
}
