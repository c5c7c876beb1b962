import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which trace an e-mail belongs to: it is sent when the work that set it off is long over. */
export class TraceEmails1790001777000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE notifications.emails ADD COLUMN traceparent text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE notifications.emails DROP COLUMN traceparent`);
  }
}
