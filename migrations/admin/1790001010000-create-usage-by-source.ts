import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Usage by source: conversations and `/v1`. New tables beside the old ones (answers, latencies, happenings), which processes
 * of the version before go on with while they run; a later release drops those. The new ones count from the first event.
 */
export class CreateUsageBySource1790001010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE admin.usage_answers (
        day date NOT NULL,
        source text NOT NULL,
        user_id text NOT NULL,
        model text NOT NULL,
        complete int NOT NULL DEFAULT 0,
        stopped int NOT NULL DEFAULT 0,
        failed int NOT NULL DEFAULT 0,
        prompt_tokens bigint NOT NULL DEFAULT 0,
        completion_tokens bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (day, source, user_id, model)
      )`);
    // Time to first token: answers below each bound (milliseconds) and above the one before it.
    await runner.query(`
      CREATE TABLE admin.usage_waits (
        day date NOT NULL,
        source text NOT NULL,
        model text NOT NULL,
        below_ms int NOT NULL,
        answers int NOT NULL DEFAULT 0,
        PRIMARY KEY (day, source, model, below_ms)
      )`);
    await runner.query(`
      CREATE TABLE admin.usage_happenings (
        day date NOT NULL,
        kind text NOT NULL,
        count int NOT NULL DEFAULT 0,
        PRIMARY KEY (day, kind)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE admin.usage_answers, admin.usage_waits, admin.usage_happenings`);
    await runner.query(`DELETE FROM admin.followed WHERE name = 'usage-by-source'`);
  }
}
