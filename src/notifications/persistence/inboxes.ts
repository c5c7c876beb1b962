import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import type { NotificationChange, NotificationView, UnreadCount } from '../contracts/index.js';
import { Wakes } from '../live/wakes.js';
import { notificationColumns, type NotificationRow, toNotification } from './notification-rows.js';

/** Beyond this many changes a reader asks for the list anew. */
const MOST_CHANGES = 100;
const KEPT_DAYS = 90;

/** The notifications of one person: read, counted, followed. Every change has the next revision of that person. */
@Injectable()
export class Inboxes {
  constructor(
    private readonly db: Database,
    private readonly wakes: Wakes,
  ) {}

  async list(
    userId: string,
    page: { cursor?: string; limit: number; unread: boolean },
  ): Promise<{ items: NotificationView[]; nextCursor: string | null; unreadCount: number }> {
    const { cursor = null, limit, unread } = page;
    const rows = await this.db.query<NotificationRow>(
      `SELECT ${notificationColumns} FROM notifications.notifications
       WHERE recipient_id = $1 AND shown AND ($2::uuid IS NULL OR id < $2::uuid) AND (read_at IS NULL OR NOT $4::boolean)
       ORDER BY id DESC LIMIT $3`,
      [userId, cursor, limit + 1, unread],
    );
    const items = rows.slice(0, limit);
    const { unreadCount } = await this.unread(userId);
    return {
      items: items.map(toNotification),
      nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null,
      unreadCount,
    };
  }

  /** The count, and the last change that it counts. */
  async unread(userId: string): Promise<UnreadCount> {
    const [row] = await this.db.query<UnreadCount>(
      `SELECT count(n.id)::int AS "unreadCount", coalesce(max(r.revision), 0)::text AS revision
       FROM notifications.recipients r
       LEFT JOIN notifications.notifications n ON n.recipient_id = r.user_id AND n.read_at IS NULL AND n.shown
       WHERE r.user_id = $1`,
      [userId],
    );
    return row!;
  }

  /** Undefined: this person has no such notification. */
  async read(userId: string, notificationId: string): Promise<NotificationView | undefined> {
    await this.#markRead(userId, 'n.id = $3', [notificationId]);
    const [row] = await this.db.query<NotificationRow>(
      `SELECT ${notificationColumns} FROM notifications.notifications WHERE id = $1 AND recipient_id = $2 AND shown`,
      [notificationId, userId],
    );
    return row && toNotification(row);
  }

  async readAll(userId: string, until: string | null): Promise<void> {
    // What is not shown in the page waits for its e-mail: nobody has seen it here.
    await this.#markRead(userId, 'n.shown AND ($3::uuid IS NULL OR n.id <= $3::uuid)', [until]);
  }

  async readConversation(userId: string, conversationId: string, messageIds: readonly string[]): Promise<void> {
    await this.#markRead(userId, 'n.conversation_id = $3', [conversationId]);
    if (messageIds.length === 0) return;
    await this.db.query(
      `INSERT INTO notifications.seen_answers (recipient_id, message_id, seen_at)
       SELECT $1, m.id, now() FROM unnest($2::uuid[]) AS m (id)
       WHERE NOT EXISTS (SELECT 1 FROM notifications.notifications n WHERE n.recipient_id = $1 AND n.message_id = m.id)
       ON CONFLICT DO NOTHING`,
      [userId, messageIds],
    );
  }

  /** What links to it leads nowhere any more. */
  async removeConversation(conversationId: string): Promise<void> {
    const owners = await this.db.query<{ recipient_id: string }>(
      `SELECT DISTINCT recipient_id FROM notifications.notifications WHERE conversation_id = $1`,
      [conversationId],
    );
    for (const { recipient_id: owner } of owners) {
      await this.#nextRevision(owner);
      await this.db.query(`DELETE FROM notifications.notifications WHERE recipient_id = $1 AND conversation_id = $2`, [
        owner,
        conversationId,
      ]);
    }
  }

  /** What happened after that revision, oldest first; just the state now for a reader who has seen none. */
  async changes(userId: string, after: string | null): Promise<NotificationChange[]> {
    const revision = await this.revision(userId);
    if (after === revision) return [];
    const state = async (): Promise<NotificationChange[]> => [
      { type: 'state', revision, unreadCount: (await this.unread(userId)).unreadCount },
    ];
    // A revision that was never given is one of a database that was set back.
    if (after === null || BigInt(after) > BigInt(revision)) return state();
    const rows = await this.db.query<NotificationRow & { revision: string }>(
      `SELECT ${notificationColumns}, revision::text AS revision FROM notifications.notifications
       WHERE recipient_id = $1 AND revision > $2::bigint AND revision <= $3::bigint AND shown
       ORDER BY notifications.revision, id LIMIT $4`,
      [userId, after, revision, MOST_CHANGES + 1],
    );
    if (rows.length === 0 || rows.length > MOST_CHANGES) return state();
    const { unreadCount } = await this.unread(userId);
    const changes = toChanges(rows, unreadCount);
    // Something that is not shown came after them: the reader has seen that, too.
    if (changes.at(-1)!.revision !== revision) changes.push(...(await state()));
    return changes;
  }

  async revision(userId: string): Promise<string> {
    const [row] = await this.db.query<{ revision: string }>(
      `SELECT revision::text AS revision FROM notifications.recipients WHERE user_id = $1`,
      [userId],
    );
    return row?.revision ?? '0';
  }

  async revisions(userIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.db.query<{ user_id: string; revision: string }>(
      `SELECT user_id, revision::text AS revision FROM notifications.recipients WHERE user_id = ANY($1::uuid[])`,
      [userIds],
    );
    return new Map(rows.map(({ user_id, revision }) => [user_id, revision]));
  }

  async forgetOld(): Promise<void> {
    await this.db.query(
      `DELETE FROM notifications.notifications WHERE created_at < now() - make_interval(days => $1)`,
      [KEPT_DAYS],
    );
    // An answer's notification is made within seconds of its end; a day is for a queue that stood still.
    await this.db.query(`DELETE FROM notifications.seen_answers WHERE seen_at < now() - interval '1 day'`, []);
  }

  /** Locks the person first: a notification that is made at this moment is seen by either side. */
  async #markRead(userId: string, which: string, values: unknown[]): Promise<void> {
    await this.db.transaction(async () => {
      await this.db.query(`SELECT 1 FROM notifications.recipients WHERE user_id = $1 FOR UPDATE`, [userId]);
      const read = await this.db.query(
        `UPDATE notifications.notifications n SET read_at = now(), revision = $2::bigint + 1
         WHERE n.recipient_id = $1 AND n.read_at IS NULL AND ${which} RETURNING n.id`,
        [userId, await this.revision(userId), ...values],
      );
      if (read.length > 0) await this.#nextRevision(userId);
    });
  }

  async #nextRevision(userId: string): Promise<void> {
    await this.db.query(`UPDATE notifications.recipients SET revision = revision + 1 WHERE user_id = $1`, [userId]);
    this.db.afterCommit(() => this.wakes.notificationsChanged([userId]));
  }
}

/** Rows of one revision that were read together are one change. */
function toChanges(
  rows: readonly (NotificationRow & { revision: string })[],
  unreadCount: number,
): NotificationChange[] {
  const changes: NotificationChange[] = [];
  for (const row of rows) {
    const { revision } = row;
    const last = changes.at(-1);
    if (row.read_at === null) changes.push({ type: 'new', revision, unreadCount, notification: toNotification(row) });
    else if (last?.type === 'read' && last.revision === revision) last.ids.push(row.id);
    else changes.push({ type: 'read', revision, unreadCount, ids: [row.id] });
  }
  return changes;
}
