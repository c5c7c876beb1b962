import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CompactFinishedLogs1790001040000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The log of an answer that ended some time ago, in one row: from its last restart on, if there was one. ends[n] is where
    // the entry with sequence number first + n - 1 ends in the text, in characters.
    await runner.query(`
      CREATE TABLE inference.compacted_logs (
        generation_id uuid PRIMARY KEY,
        first int NOT NULL,
        restart text,
        text text NOT NULL,
        ends int[] NOT NULL
      )`);
    await runner.query(`ALTER TABLE inference.generations ADD COLUMN compacted boolean NOT NULL DEFAULT false`);
    await runner.query(`
      CREATE INDEX generations_to_compact ON inference.generations (finished_at)
      WHERE finished_at IS NOT NULL AND NOT compacted`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      INSERT INTO inference.generation_chunks (generation_id, sequence, kind, text, token_ids)
      SELECT generation_id, first + cardinality(ends) - 1, 'token', text, '[]' FROM inference.compacted_logs`);
    await runner.query(`DROP TABLE inference.compacted_logs`);
    await runner.query(`ALTER TABLE inference.generations DROP COLUMN compacted`);
  }
}
