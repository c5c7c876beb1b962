import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { newId } from '@app/kernel';
import { messageContext } from '@app/messaging';
import { Database } from '@app/persistence';
import type { NotificationKind } from '../contracts/index.js';
import { topicOf } from '../domain/topics.js';
import { Wakes } from '../live/wakes.js';
import { type Listener, Recipients } from './recipients.js';

/** What is told of one event. */
export interface Note {
  kind: NotificationKind;
  title: string;
  text: string;
  /** Page of the web client that it is about. */
  path: string;
  conversationId?: string;
  messageId?: string;
  /** When the e-mail goes out, to those who want one: at once (default), or only if it is unread after a while. */
  email?: 'at-once' | 'if-unread';
}

/** Makes one notification and at most one e-mail of an event for each person, in the transaction of its inbox row. */
@Injectable()
export class Notices {
  constructor(
    private readonly db: Database,
    private readonly recipients: Recipients,
    private readonly wakes: Wakes,
    private readonly config: Config,
  ) {}

  /** To the enabled administrators but those in `except`: nobody is told what they did, or what they are. */
  async tellAdministrators(eventId: string, note: Note, except: readonly (string | undefined)[] = []): Promise<void> {
    const listeners = await this.recipients.lock('administrators', topicOf[note.kind]);
    await this.#tell(
      eventId,
      note,
      listeners.filter(({ userId }) => !except.includes(userId)),
    );
  }

  /** False: this account is not known yet. */
  async tell(eventId: string, userId: string, note: Note): Promise<boolean> {
    const listeners = await this.recipients.lock([userId], topicOf[note.kind]);
    // Whose account is disabled hears of that, and of nothing else.
    const topic = topicOf[note.kind];
    await this.#tell(
      eventId,
      note,
      listeners.filter(({ disabled }) => !disabled || topic === 'security'),
    );
    return listeners.length > 0;
  }

  async #tell(eventId: string, note: Note, listeners: readonly Listener[]): Promise<void> {
    const { smtp } = this.config.notifications;
    const told = listeners
      .map((listener) => ({ ...listener, id: newId(), byEmail: listener.byEmail && smtp !== undefined }))
      .filter(({ inPage, byEmail }) => inPage || byEmail);
    if (told.length === 0) return;
    const notifications = this.#notifications(eventId, note, told);
    let mailed: typeof told = [];
    if (told.some(({ byEmail }) => byEmail)) {
      const stored = await this.db.query<{ recipient_id: string; read_at: Date | null }>(...notifications);
      const unread = new Set(stored.filter(({ read_at }) => !read_at).map(({ recipient_id }) => recipient_id));
      mailed = told.filter(({ byEmail, userId }) => byEmail && unread.has(userId));
      if (mailed.length > 0) await this.#queueEmails(eventId, note, mailed);
    } else {
      await this.db.write(...notifications);
    }
    this.db.afterCommit(() => {
      this.wakes.notificationsChanged(told.map(({ userId }) => userId));
      if (mailed.length > 0) this.wakes.emailsQueued();
    });
  }

  /**
   * The statement that stores them, and tells whose is new and whether it was read. With e-mail alone there is a
   * notification, too: unseen in the page, it tells whether the person saw the answer before the e-mail was due.
   */
  #notifications(eventId: string, note: Note, told: readonly (Listener & { id: string })[]): [string, unknown[]] {
    const { kind, title, text, path, conversationId = null, messageId = null } = note;
    return [
      `WITH told AS (
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::boolean[]) AS t (id, recipient_id, shown)
       ), stored AS (
         INSERT INTO notifications.notifications
           (id, recipient_id, event_id, kind, title, text, path, conversation_id, message_id, shown, revision,
            created_at, read_at)
         SELECT t.id, t.recipient_id, $4, $5, $6, $7, $8, $9, $10::uuid, t.shown, r.revision + 1, now(),
           (SELECT now() FROM notifications.seen_answers s WHERE s.recipient_id = r.user_id AND s.message_id = $10)
         FROM told t JOIN notifications.recipients r ON r.user_id = t.recipient_id
         ON CONFLICT (recipient_id, event_id) DO NOTHING
         RETURNING recipient_id, read_at
       ), counted AS (
         UPDATE notifications.recipients SET revision = revision + 1
         WHERE user_id IN (SELECT recipient_id FROM stored)
       )
       SELECT recipient_id, read_at FROM stored`,
      [
        told.map(({ id }) => id),
        told.map(({ userId }) => userId),
        told.map(({ inPage }) => inPage),
        ...[eventId, kind, title, text, path, conversationId, messageId],
      ],
    ];
  }

  async #queueEmails(eventId: string, note: Note, mailed: readonly (Listener & { id: string })[]): Promise<void> {
    const later = note.email === 'if-unread';
    await this.db.write(
      `INSERT INTO notifications.emails
         (id, event_id, recipient_id, notification_id, address, name, topic, title, text, path, only_if_unread, state,
          due_at, created_at, traceparent)
       SELECT m.id, $6, m.recipient_id, m.notification_id, m.address, m.name, $7, $8, $9, $10, $11, 'queued',
              now() + make_interval(secs => $12), now(), $13
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
         AS m (id, recipient_id, notification_id, address, name)
       ON CONFLICT (event_id, recipient_id) DO NOTHING`,
      [
        mailed.map(() => newId()),
        mailed.map(({ userId }) => userId),
        mailed.map(({ id }) => id),
        mailed.map(({ email }) => email),
        mailed.map(({ name }) => name),
        ...[eventId, topicOf[note.kind], note.title, note.text, note.path, later],
        later ? this.config.notifications.emailGraceSeconds : 0,
        messageContext()?.traceparent ?? null,
      ],
    );
  }
}
