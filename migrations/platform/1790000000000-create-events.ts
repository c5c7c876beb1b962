import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateEvents1790000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE platform.events (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id uuid NOT NULL UNIQUE,
        stream text NOT NULL,
        version int NOT NULL,
        type text NOT NULL,
        data jsonb NOT NULL,
        metadata jsonb NOT NULL,
        occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (stream, version)
      )`);
    await runner.query(`CREATE INDEX events_by_type ON platform.events (type, position)`);
    await runner.query(`
      CREATE FUNCTION platform.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'platform.events is append-only'; END $$`);
    await runner.query(`
      CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON platform.events
      FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_change()`);
    // What is committed and not published yet. A relay claims rows for a while, publishes, and deletes them.
    await runner.query(`
      CREATE TABLE platform.outbox (
        position bigint PRIMARY KEY,
        claimed_until timestamptz,
        attempts int NOT NULL DEFAULT 0
      )`);
    await runner.query(`
      CREATE TABLE platform.inbox (
        queue text NOT NULL,
        message_id uuid NOT NULL,
        handled_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (queue, message_id)
      )`);
    await runner.query(`CREATE INDEX inbox_by_age ON platform.inbox (handled_at)`);
    // The queues of the in-process transport.
    await runner.query(`
      CREATE TABLE platform.deliveries (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        queue text NOT NULL,
        message_id uuid NOT NULL,
        envelope jsonb NOT NULL,
        attempts int NOT NULL DEFAULT 0,
        available_at timestamptz NOT NULL DEFAULT now(),
        locked_until timestamptz,
        dead_at timestamptz,
        error jsonb,
        UNIQUE (queue, message_id)
      )`);
    await runner.query(
      `CREATE INDEX deliveries_waiting ON platform.deliveries (queue, id) WHERE dead_at IS NULL AND locked_until IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE platform.deliveries, platform.inbox, platform.outbox, platform.events`);
    await runner.query(`DROP FUNCTION platform.refuse_change`);
  }
}
