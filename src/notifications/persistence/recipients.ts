import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import type { NotificationTopic } from '../contracts/index.js';
import { defaultOf } from '../domain/topics.js';

export interface Recipient {
  userId: string;
  email: string;
  name: string;
  role: 'admin' | 'user';
  disabled: boolean;
}

/** A recipient and how they want to hear of one topic. */
export interface Listener extends Recipient {
  inPage: boolean;
  byEmail: boolean;
}

interface Row {
  user_id: string;
  email: string;
  name: string;
  role: Recipient['role'];
  disabled: boolean;
}

const columns = 'r.user_id, r.email, r.name, r.role, r.disabled';

const toRecipient = ({ user_id: userId, ...row }: Row): Recipient => ({ userId, ...row });

/** A small copy of the accounts, fed by the events of auth. */
@Injectable()
export class Recipients {
  constructor(private readonly db: Database) {}

  async remember({ userId, email, name, role }: Omit<Recipient, 'disabled'>): Promise<void> {
    await this.db.query(
      `INSERT INTO notifications.recipients (user_id, email, name, role) VALUES ($1, $2, $3, $4)
       ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role`,
      [userId, email, name, role],
    );
  }

  /** False: the account is not known yet. An event that is older than the newest one seen changes nothing. */
  async setDisabled(userId: string, disabled: boolean, eventId: string): Promise<boolean> {
    const known = await this.db.query(
      `UPDATE notifications.recipients
       SET disabled = CASE WHEN account_event > $3::uuid THEN disabled ELSE $2 END,
           account_event = greatest(account_event::text, $3::text)::uuid
       WHERE user_id = $1 RETURNING user_id`,
      [userId, disabled, eventId],
    );
    return known.length > 0;
  }

  async find(userId: string): Promise<Recipient | undefined> {
    const [row] = await this.db.query<Row>(`SELECT ${columns} FROM notifications.recipients r WHERE r.user_id = $1`, [
      userId,
    ]);
    return row && toRecipient(row);
  }

  /**
   * These people, or all enabled administrators, with what they chose for the topic. Nobody else changes their
   * notifications before the ambient unit ends; always locked in the same order, so that two units never wait for
   * each other.
   */
  async lock(who: readonly string[] | 'administrators', topic: NotificationTopic): Promise<Listener[]> {
    const { inPage, email } = defaultOf(topic);
    const rows = await this.db.query<Row & { in_page: boolean; by_email: boolean }>(
      `SELECT ${columns}, coalesce(p.in_page, $3) AS in_page, coalesce(p.email, $4) AS by_email
       FROM notifications.recipients r
       LEFT JOIN notifications.preferences p ON p.recipient_id = r.user_id AND p.topic = $2
       WHERE CASE WHEN $1::uuid[] IS NULL THEN r.role = 'admin' AND NOT r.disabled ELSE r.user_id = ANY($1) END
       ORDER BY r.user_id FOR UPDATE OF r`,
      [who === 'administrators' ? null : who, topic, inPage, email],
    );
    return rows.map(({ in_page: inPage, by_email: byEmail, ...row }) => ({ ...toRecipient(row), inPage, byEmail }));
  }

  /**
   * Reads the accounts from the stored events of auth: those that were there before this module heard of them, and those
   * whose event never reached it. What is known already stays as it is.
   */
  async catchUp(): Promise<number> {
    const added = await this.db.query(
      `INSERT INTO notifications.recipients (user_id, email, name, role)
       SELECT DISTINCT ON (data->>'userId') (data->>'userId')::uuid, data->>'email',
              coalesce(data->>'name', split_part(data->>'email', '@', 1)), data->>'role'
       FROM platform.events WHERE type = 'auth.user.signed-up.v1' ORDER BY data->>'userId', position DESC
       ON CONFLICT (user_id) DO UPDATE SET name = excluded.name WHERE recipients.name = ''
       RETURNING user_id`,
      [],
    );
    await this.db.query(
      `UPDATE notifications.recipients r SET disabled = last.disabled, account_event = last.id
       FROM (SELECT DISTINCT ON (data->>'userId') (data->>'userId')::uuid AS user_id, id,
                    type = 'auth.user.disabled.v1' AS disabled
             FROM platform.events WHERE type IN ('auth.user.disabled.v1', 'auth.user.enabled.v1')
             ORDER BY data->>'userId', position DESC) last
       WHERE last.user_id = r.user_id AND (r.account_event IS NULL OR r.account_event < last.id)`,
      [],
    );
    return added.length;
  }
}
