import { z } from 'zod';

export const NotificationKind = z.enum(['model-installed', 'install-failed', 'user-signed-up']);
export type NotificationKind = z.infer<typeof NotificationKind>;

/** Something an administrator should know, shown in the page. */
export const NotificationView = z
  .object({
    id: z.uuid(),
    kind: NotificationKind,
    title: z.string(),
    text: z.string(),
    createdAt: z.iso.datetime(),
    readAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'NotificationView' });
export type NotificationView = z.infer<typeof NotificationView>;

export const NotificationPage = z
  .object({
    items: z.array(NotificationView),
    nextCursor: z.string().nullable(),
    unreadCount: z.number().describe('All unread ones, not only those of this page'),
  })
  .meta({ id: 'NotificationPage' });
