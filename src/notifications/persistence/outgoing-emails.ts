import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { newId } from '@app/kernel';
import { Database } from '@app/persistence';
import type { EmailState, EmailView, NotificationTopic } from '../contracts/index.js';
import { subjectOf } from '../domain/email.js';

/** An e-mail that this process alone hands over, as long as it keeps its lease. */
export interface ClaimedEmail {
  id: string;
  lease: string;
  eventId: string;
  recipientId: string;
  attempts: number;
  topic: NotificationTopic;
  address: string;
  name: string;
  title: string;
  text: string;
  path: string | null;
  createdAt: Date;
  /** Of the event that it tells of. */
  traceparent?: string;
}

interface ClaimedRow {
  id: string;
  event_id: string;
  recipient_id: string;
  attempts: number;
  topic: NotificationTopic;
  address: string;
  name: string;
  title: string;
  text: string;
  path: string | null;
  created_at: Date;
  traceparent: string | null;
}

interface Row extends Omit<ClaimedRow, 'traceparent'> {
  state: EmailState;
  error: string | null;
  due_at: Date;
  sent_at: Date | null;
}

/** After a crash somebody else takes the e-mail over so much later. */
const LEASE_SECONDS = 30;
const KEPT_DAYS = 30;

const columns =
  'id, event_id, recipient_id, attempts, topic, address, name, title, text, path, state, error, due_at, sent_at, created_at';

/** The queue of e-mails: `queued`, leased while `sending`, then `sent`, `failed` or `cancelled`. */
@Injectable()
export class OutgoingEmails {
  constructor(
    private readonly db: Database,
    private readonly config: Config,
  ) {}

  /**
   * Takes up to `most` that are due, or whose process died while it sent them, and no more a minute than is allowed for
   * all processes together. Those that became needless are cancelled on the way.
   */
  async claim(most: number): Promise<ClaimedEmail[]> {
    await this.db.query(
      `UPDATE notifications.emails e SET state = 'cancelled'
       WHERE e.state = 'queued' AND e.due_at <= now() AND e.only_if_unread AND NOT EXISTS (
         SELECT 1 FROM notifications.notifications n WHERE n.id = e.notification_id AND n.read_at IS NULL)`,
      [],
    );
    const lease = newId();
    const rows = await this.db.query<ClaimedRow>(
      `UPDATE notifications.emails SET
         state = 'sending', attempts = attempts + 1, started_at = clock_timestamp(), lease = $2,
         lease_until = clock_timestamp() + make_interval(secs => $4)
       WHERE id IN (
         SELECT id FROM notifications.emails
         WHERE (state = 'queued' AND due_at <= now()) OR (state = 'sending' AND lease_until < now())
         ORDER BY due_at
         LIMIT least($1, greatest(0, $3 - (
           SELECT count(*)::int FROM notifications.emails WHERE started_at > now() - interval '1 minute')))
         FOR UPDATE SKIP LOCKED)
       RETURNING ${columns}, traceparent`,
      [most, lease, this.config.notifications.emailsPerMinute, LEASE_SECONDS],
    );
    return rows.map((row) => ({
      ...{ id: row.id, lease, eventId: row.event_id, recipientId: row.recipient_id, attempts: row.attempts },
      ...{ topic: row.topic, address: row.address, name: row.name, title: row.title, text: row.text, path: row.path },
      createdAt: row.created_at,
      ...(row.traceparent && { traceparent: row.traceparent }),
    }));
  }

  /** A slow mail server must not look like a dead process. */
  async renew(emails: readonly ClaimedEmail[]): Promise<void> {
    await this.db.query(
      `UPDATE notifications.emails e SET lease_until = clock_timestamp() + make_interval(secs => $3)
       FROM unnest($1::uuid[], $2::uuid[]) AS mine (id, lease)
       WHERE e.id = mine.id AND e.lease = mine.lease AND e.state = 'sending'`,
      [emails.map(({ id }) => id), emails.map(({ lease }) => lease), LEASE_SECONDS],
    );
  }

  async sent({ id }: ClaimedEmail): Promise<void> {
    // Whoever has the lease by now: it was handed over.
    await this.db.query(
      `UPDATE notifications.emails SET state = 'sent', sent_at = now(), error = NULL, lease = NULL
       WHERE id = $1 AND state <> 'sent'`,
      [id],
    );
  }

  /** Tried again after that many seconds; never, when null. */
  async failed({ id, lease }: ClaimedEmail, reason: string, retryAfterSeconds: number | null): Promise<void> {
    await this.db.query(
      `UPDATE notifications.emails SET
         state = CASE WHEN $4::float8 IS NULL THEN 'failed' ELSE 'queued' END,
         due_at = now() + make_interval(secs => coalesce($4, 0)), error = $3, lease = NULL
       WHERE id = $1 AND lease = $2 AND state = 'sending'`,
      [id, lease, reason, retryAfterSeconds],
    );
  }

  async list(page: {
    cursor?: string;
    limit: number;
    state?: EmailState;
  }): Promise<{ items: EmailView[]; nextCursor: string | null }> {
    const { cursor = null, limit, state = null } = page;
    const rows = await this.db.query<Row>(
      `SELECT ${columns} FROM notifications.emails
       WHERE ($1::uuid IS NULL OR id < $1::uuid) AND ($2::text IS NULL OR state = $2) ORDER BY id DESC LIMIT $3`,
      [cursor, state, limit + 1],
    );
    const items = rows.slice(0, limit).map(toView);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** Undefined: there is none that failed. */
  async retry(id: string): Promise<EmailView | undefined> {
    const [row] = await this.db.query<Row>(
      `UPDATE notifications.emails SET state = 'queued', due_at = now(), attempts = 0, only_if_unread = false
       WHERE id = $1 AND state = 'failed' RETURNING ${columns}`,
      [id],
    );
    return row && toView(row);
  }

  async forgetOld(): Promise<void> {
    await this.db.query(
      `DELETE FROM notifications.emails
       WHERE created_at < now() - make_interval(days => $1) AND state NOT IN ('queued', 'sending')`,
      [KEPT_DAYS],
    );
  }
}

const toView = (row: Row): EmailView => ({
  ...{ id: row.id, address: row.address, topic: row.topic, subject: subjectOf(row), state: row.state },
  ...{ attempts: row.attempts, error: row.error },
  dueAt: row.due_at.toISOString(),
  createdAt: row.created_at.toISOString(),
  sentAt: row.sent_at?.toISOString() ?? null,
});
