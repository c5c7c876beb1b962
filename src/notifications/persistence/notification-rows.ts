import type { NotificationKind, NotificationView } from '../contracts/index.js';

export interface NotificationRow {
  id: string;
  kind: NotificationKind;
  title: string;
  text: string;
  path: string | null;
  conversation_id: string | null;
  created_at: Date;
  read_at: Date | null;
}

export const notificationColumns = 'id, kind, title, text, path, conversation_id, created_at, read_at';

export const toNotification = (row: NotificationRow): NotificationView => ({
  id: row.id,
  kind: row.kind,
  title: row.title,
  text: row.text,
  path: row.path,
  conversationId: row.conversation_id,
  createdAt: row.created_at.toISOString(),
  readAt: row.read_at?.toISOString() ?? null,
});
