import type { NotificationKind, NotificationTopic, Preference } from '../contracts/index.js';

export const topicOf: Record<NotificationKind, NotificationTopic> = {
  'model-installed': 'models',
  'install-failed': 'models',
  'user-signed-up': 'accounts',
  'user-disabled': 'accounts',
  'user-enabled': 'accounts',
  'account-disabled': 'security',
  'account-enabled': 'security',
  'signed-in': 'security',
  'answer-finished': 'answers',
  'answer-failed': 'answers',
};

/** Until a person says otherwise: all in the page, and only what is about the safety of the account by e-mail, too. */
const defaults: readonly Preference[] = [
  { topic: 'security', inPage: true, email: true },
  { topic: 'answers', inPage: true, email: false },
  { topic: 'models', inPage: true, email: false },
  { topic: 'accounts', inPage: true, email: false },
];

export const defaultOf = (topic: NotificationTopic): Preference =>
  defaults.find((preference) => preference.topic === topic)!;

/** What somebody of this role can hear of, in the order in which it is shown. */
export const topicsFor = (role: 'admin' | 'user'): NotificationTopic[] =>
  defaults.map(({ topic }) => topic).filter((topic) => role === 'admin' || topic === 'security' || topic === 'answers');
