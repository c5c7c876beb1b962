import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Notifications for everybody instead of administrators, followed live, with preferences and e-mail. Only additions with
 * defaults: processes of the version before work on meanwhile.
 */
export class ExtendNotifications1790000320000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // All accounts now; those that exist are read from the events at the start of the module. `account_event` is the
    // newest event that said whether the account is in use: event ids sort by time, so an old one changes nothing.
    // `revision` counts the changes of this person's notifications: its row lock makes the numbers come in commit order.
    await runner.query(`
      ALTER TABLE notifications.recipients
        ADD COLUMN name text NOT NULL DEFAULT '',
        ADD COLUMN role text NOT NULL DEFAULT 'admin' CHECK (role IN ('admin', 'user')),
        ADD COLUMN account_event uuid,
        ADD COLUMN revision bigint NOT NULL DEFAULT 0`);
    await runner.query(`
      ALTER TABLE notifications.notifications
        ADD COLUMN event_id uuid,
        ADD COLUMN path text,
        ADD COLUMN conversation_id uuid,
        ADD COLUMN message_id uuid,
        ADD COLUMN shown boolean NOT NULL DEFAULT true,
        ADD COLUMN revision bigint NOT NULL DEFAULT 0`);
    // One event makes one notification a person, however often it comes.
    await runner.query(
      `CREATE UNIQUE INDEX notifications_once ON notifications.notifications (recipient_id, event_id)`,
    );
    await runner.query(
      `CREATE INDEX notifications_by_revision ON notifications.notifications (recipient_id, revision)`,
    );
    await runner.query(
      `CREATE INDEX notifications_by_conversation ON notifications.notifications (conversation_id)
       WHERE conversation_id IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE notifications.preferences (
        recipient_id uuid NOT NULL,
        topic text NOT NULL,
        in_page boolean NOT NULL,
        email boolean NOT NULL,
        PRIMARY KEY (recipient_id, topic)
      )`);
    // Answers whose end somebody saw before the notification of it was made.
    await runner.query(`
      CREATE TABLE notifications.seen_answers (
        recipient_id uuid NOT NULL,
        message_id uuid NOT NULL,
        seen_at timestamptz NOT NULL,
        PRIMARY KEY (recipient_id, message_id)
      )`);
    await runner.query(`
      CREATE TABLE notifications.emails (
        id uuid PRIMARY KEY,
        event_id uuid NOT NULL,
        recipient_id uuid NOT NULL,
        notification_id uuid NOT NULL,
        topic text NOT NULL,
        address text NOT NULL,
        name text NOT NULL,
        title text NOT NULL,
        text text NOT NULL,
        path text,
        only_if_unread boolean NOT NULL,
        state text NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'cancelled')),
        attempts int NOT NULL DEFAULT 0,
        due_at timestamptz NOT NULL,
        lease uuid,
        lease_until timestamptz,
        started_at timestamptz,
        sent_at timestamptz,
        error text,
        created_at timestamptz NOT NULL,
        UNIQUE (event_id, recipient_id)
      )`);
    await runner.query(`CREATE INDEX emails_due ON notifications.emails (due_at) WHERE state = 'queued'`);
    await runner.query(`CREATE INDEX emails_sending ON notifications.emails (lease_until) WHERE state = 'sending'`);
    await runner.query(`CREATE INDEX emails_by_start ON notifications.emails (started_at)`);
    await runner.query(`CREATE INDEX emails_by_state ON notifications.emails (state, id DESC)`);
    await runner.query(`CREATE INDEX emails_by_age ON notifications.emails (created_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE notifications.emails, notifications.seen_answers, notifications.preferences`);
    await runner.query(`
      ALTER TABLE notifications.notifications
        DROP COLUMN event_id, DROP COLUMN path, DROP COLUMN conversation_id, DROP COLUMN message_id,
        DROP COLUMN shown, DROP COLUMN revision`);
    await runner.query(`DELETE FROM notifications.recipients WHERE role <> 'admin'`);
    await runner.query(`
      ALTER TABLE notifications.recipients
        DROP COLUMN name, DROP COLUMN role, DROP COLUMN account_event, DROP COLUMN revision`);
  }
}
