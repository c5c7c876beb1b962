import { z } from 'zod';

export const NotificationKind = z.enum([
  'model-installed',
  'install-failed',
  'user-signed-up',
  'user-disabled',
  'user-enabled',
  'account-disabled',
  'account-enabled',
  'signed-in',
  'answer-finished',
  'answer-failed',
]);
export type NotificationKind = z.infer<typeof NotificationKind>;

/**
 * What a person chooses channels for. `security`: one's own account and its sign-ins; `answers`: one's own chats;
 * `models` and `accounts`: for administrators.
 */
export const NotificationTopic = z.enum(['security', 'answers', 'models', 'accounts']);
export type NotificationTopic = z.infer<typeof NotificationTopic>;

/** A topic in the words of a page or an e-mail: “e-mails about …”. */
export const topicNames: Record<NotificationTopic, string> = {
  security: 'sign-ins and the safety of your account',
  answers: 'finished answers',
  models: 'installed models',
  accounts: 'other people’s accounts',
};

/** Something a person should know, shown in the page. */
export const NotificationView = z
  .object({
    id: z.uuid(),
    kind: NotificationKind,
    title: z.string(),
    text: z.string(),
    path: z.string().nullable().describe('Page of the web client that it is about'),
    conversationId: z.uuid().nullable(),
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

const revision = z.string().describe('Grows with every change of this person’s notifications; a 64-bit number');
const unreadCount = z.number();

export const UnreadCount = z.object({ unreadCount, revision }).meta({ id: 'UnreadCount' });
export type UnreadCount = z.infer<typeof UnreadCount>;

/** One step of what happens to a person's notifications. After `state` a reader asks for the list anew. */
export const NotificationChange = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), revision, unreadCount }),
  z.object({ type: z.literal('new'), revision, unreadCount, notification: NotificationView }),
  z.object({ type: z.literal('read'), revision, unreadCount, ids: z.array(z.uuid()) }),
]);
export type NotificationChange = z.infer<typeof NotificationChange>;

export const Preference = z
  .object({
    topic: NotificationTopic,
    inPage: z.boolean(),
    email: z.boolean().describe('Has an effect where this server sends e-mail'),
  })
  .meta({ id: 'NotificationPreference' });
export type Preference = z.infer<typeof Preference>;

export const PreferencesView = z
  .object({
    emailAvailable: z.boolean().describe('Whether this server sends e-mail'),
    email: z.string().nullable().describe('Where e-mail goes to'),
    items: z.array(Preference),
  })
  .meta({ id: 'NotificationPreferences' });
export type PreferencesView = z.infer<typeof PreferencesView>;

/**
 * `queued` until it is due, `sending` while it is handed over, then `sent` or `failed`; `cancelled` when what it tells
 * was read before.
 */
export const EmailState = z.enum(['queued', 'sending', 'sent', 'failed', 'cancelled']);
export type EmailState = z.infer<typeof EmailState>;

export const EmailView = z
  .object({
    id: z.uuid(),
    address: z.string(),
    topic: NotificationTopic,
    subject: z.string(),
    state: EmailState,
    attempts: z.number(),
    error: z.string().nullable().describe('Why the last attempt failed, as the mail server or the network said it'),
    dueAt: z.iso.datetime(),
    createdAt: z.iso.datetime(),
    sentAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'EmailView' });
export type EmailView = z.infer<typeof EmailView>;

export const EmailPage = z
  .object({ items: z.array(EmailView), nextCursor: z.string().nullable() })
  .meta({ id: 'EmailPage' });

/** What a link in an e-mail is about; the address with its middle hidden. */
export const Unsubscription = z
  .object({
    topic: NotificationTopic,
    address: z.string(),
    email: z.boolean().describe('Whether e-mail is still sent'),
  })
  .meta({ id: 'Unsubscription' });
export type Unsubscription = z.infer<typeof Unsubscription>;
