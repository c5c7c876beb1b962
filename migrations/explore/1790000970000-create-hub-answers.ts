import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was read of model files and of the hub, kept so that it need not be asked again, and for when it cannot be. */
export class CreateHubAnswers1790000970000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A digest has one header for ever; what was wrong with one is kept for a while.
    await runner.query(`
      CREATE TABLE explore.file_headers (
        digest text PRIMARY KEY,
        header jsonb,
        problem text,
        read_at timestamptz NOT NULL,
        CHECK ((header IS NULL) <> (problem IS NULL))
      )`);
    await runner.query(`
      CREATE TABLE explore.hub_answers (
        key text PRIMARY KEY,
        body jsonb NOT NULL,
        fetched_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX hub_answers_by_age ON explore.hub_answers (fetched_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['hub_answers', 'file_headers']) await runner.query(`DROP TABLE explore.${table}`);
  }
}
