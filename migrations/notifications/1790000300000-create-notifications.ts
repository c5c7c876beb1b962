import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateNotifications1790000300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS notifications`);
    // A small copy of the administrators, fed by the events of auth.
    await runner.query(`
      CREATE TABLE notifications.recipients (
        user_id uuid PRIMARY KEY,
        email text NOT NULL,
        disabled boolean NOT NULL DEFAULT false
      )`);
    await runner.query(`
      CREATE TABLE notifications.notifications (
        id uuid PRIMARY KEY,
        recipient_id uuid NOT NULL,
        kind text NOT NULL,
        title text NOT NULL,
        text text NOT NULL,
        created_at timestamptz NOT NULL,
        read_at timestamptz
      )`);
    // UUIDv7 ids sort by time.
    await runner.query(
      `CREATE INDEX notifications_by_recipient ON notifications.notifications (recipient_id, id DESC)`,
    );
    await runner.query(
      `CREATE INDEX notifications_unread ON notifications.notifications (recipient_id) WHERE read_at IS NULL`,
    );
    await runner.query(`CREATE INDEX notifications_by_age ON notifications.notifications (created_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA notifications CASCADE`);
  }
}
