import { Injectable } from '@nestjs/common';
import { newId } from '@app/kernel';
import { Database } from '@app/persistence';
import type { NotificationKind } from '../contracts/index.js';

/** Older ones are deleted when a new one is written. */
const KEPT_DAYS = 90;

export interface Note {
  kind: NotificationKind;
  title: string;
  text: string;
}

/** Who is told. */
@Injectable()
export class Administrators {
  constructor(private readonly db: Database) {}

  async remember(userId: string, email: string): Promise<void> {
    await this.db.query(
      `INSERT INTO notifications.recipients (user_id, email) VALUES ($1, $2)
       ON CONFLICT (user_id) DO UPDATE SET email = excluded.email`,
      [userId, email],
    );
  }

  async setDisabled(userId: string, disabled: boolean): Promise<void> {
    await this.db.query(`UPDATE notifications.recipients SET disabled = $2 WHERE user_id = $1`, [userId, disabled]);
  }

  /** Writes one notification for each enabled administrator, save the one that it is about. */
  async tell({ kind, title, text }: Note, about: string | null = null): Promise<void> {
    const recipients = await this.db.query<{ user_id: string }>(
      `SELECT user_id FROM notifications.recipients WHERE NOT disabled AND user_id IS DISTINCT FROM $1::uuid`,
      [about],
    );
    await this.db.query(
      `INSERT INTO notifications.notifications (id, recipient_id, kind, title, text, created_at)
       SELECT id, recipient_id, $3, $4, $5, now() FROM unnest($1::uuid[], $2::uuid[]) AS told (id, recipient_id)`,
      [recipients.map(() => newId()), recipients.map(({ user_id }) => user_id), kind, title, text],
    );
    await this.db.query(
      `DELETE FROM notifications.notifications WHERE created_at < now() - make_interval(days => $1)`,
      [KEPT_DAYS],
    );
  }
}
