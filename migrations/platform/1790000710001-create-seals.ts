import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSeals1790000710001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The hash chain over platform.events: one seal an event, hex, written by the one sealer.
    await runner.query(`
      CREATE TABLE platform.seals (
        position bigint PRIMARY KEY,
        seal text NOT NULL CHECK (seal ~ '^[0-9a-f]{64}$')
      )`);
    await runner.query(`
      CREATE FUNCTION platform.refuse_seal_change() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'platform.seals is append-only'; END $$`);
    await runner.query(`
      CREATE TRIGGER seals_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON platform.seals
      FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_seal_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE platform.seals`);
    await runner.query(`DROP FUNCTION platform.refuse_seal_change`);
  }
}
