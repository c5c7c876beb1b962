import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { Database } from '@app/persistence';
import type { NotificationTopic, Preference, PreferencesView } from '../contracts/index.js';
import { defaultOf, topicsFor } from '../domain/topics.js';
import { Recipients } from './recipients.js';

/** What each person chose; a topic without a row is as by default. */
@Injectable()
export class Preferences {
  constructor(
    private readonly db: Database,
    private readonly recipients: Recipients,
    private readonly config: Config,
  ) {}

  async of(userId: string, role: 'admin' | 'user'): Promise<PreferencesView> {
    const chosen = await this.chosen(userId);
    const recipient = await this.recipients.find(userId);
    return {
      emailAvailable: this.config.notifications.smtp !== undefined,
      email: recipient?.email ?? null,
      items: topicsFor(role).map((topic) => chosen.get(topic) ?? defaultOf(topic)),
    };
  }

  async topic(userId: string, topic: NotificationTopic): Promise<Preference> {
    return (await this.chosen(userId)).get(topic) ?? defaultOf(topic);
  }

  async set(userId: string, { topic, inPage, email }: Preference): Promise<void> {
    await this.db.query(
      `INSERT INTO notifications.preferences (recipient_id, topic, in_page, email) VALUES ($1, $2, $3, $4)
       ON CONFLICT (recipient_id, topic) DO UPDATE SET in_page = excluded.in_page, email = excluded.email`,
      [userId, topic, inPage, email],
    );
  }

  private async chosen(userId: string): Promise<Map<NotificationTopic, Preference>> {
    const rows = await this.db.query<{ topic: NotificationTopic; in_page: boolean; email: boolean }>(
      `SELECT topic, in_page, email FROM notifications.preferences WHERE recipient_id = $1`,
      [userId],
    );
    return new Map(rows.map(({ topic, in_page: inPage, email }) => [topic, { topic, inPage, email }]));
  }
}
