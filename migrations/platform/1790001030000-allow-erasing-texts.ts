import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people wrote can be taken out of an event, once, and nothing else of it changed. */
export class AllowErasingTexts1790001030000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Commitment (length and SHA-256) of each erased text, by its JSON pointer in `data`, where "" stands in its place.
    await runner.query(`ALTER TABLE platform.events ADD COLUMN erased jsonb`);
    await runner.query(`
      CREATE FUNCTION platform.refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN
        IF OLD.erased IS NULL AND NEW.erased IS NOT NULL
          AND (OLD.position, OLD.id, OLD.stream, OLD.version, OLD.type, OLD.metadata, OLD.occurred_at)
            = (NEW.position, NEW.id, NEW.stream, NEW.version, NEW.type, NEW.metadata, NEW.occurred_at)
        THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'platform.events is append-only';
      END $$`);
    await runner.query(`DROP TRIGGER events_are_append_only ON platform.events`);
    await runner.query(`
      CREATE TRIGGER events_are_append_only BEFORE DELETE OR TRUNCATE ON platform.events
      FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_change()`);
    await runner.query(`
      CREATE TRIGGER events_are_only_erased BEFORE UPDATE ON platform.events
      FOR EACH ROW EXECUTE FUNCTION platform.refuse_all_but_erasing()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TRIGGER events_are_only_erased ON platform.events`);
    await runner.query(`DROP TRIGGER events_are_append_only ON platform.events`);
    await runner.query(`DROP FUNCTION platform.refuse_all_but_erasing`);
    await runner.query(`
      CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON platform.events
      FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_change()`);
    await runner.query(`ALTER TABLE platform.events DROP COLUMN erased`);
  }
}
