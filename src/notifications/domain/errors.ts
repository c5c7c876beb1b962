import { DomainError } from '@app/kernel';

export const notificationNotFound = (notificationId: string) =>
  new DomainError('not-found', 'notifications.notification-not-found', 'There is no such notification.', {
    notificationId,
  });

export const emailNotFound = (emailId: string) =>
  new DomainError('not-found', 'notifications.email-not-found', 'There is no such e-mail, or it did not fail.', {
    emailId,
  });

export const wrongLink = () =>
  new DomainError(
    'not-found',
    'notifications.wrong-link',
    'This link is incomplete or out of date. You can choose your e-mails on your account page.',
  );

export const topicNotYours = (topic: string) =>
  new DomainError('forbidden', 'notifications.topic-not-yours', 'Only administrators hear of this.', { topic });

/** The event that makes the account known is on its way: the next try finds it. */
export const recipientUnknown = (userId: string) =>
  new DomainError('unavailable', 'notifications.recipient-unknown', 'This account is not known here yet.', { userId });

export const notAnAdministrator = () =>
  new DomainError('forbidden', 'platform.forbidden', 'Your account may not do this.');
