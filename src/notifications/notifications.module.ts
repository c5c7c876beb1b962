import { Module } from '@nestjs/common';
import { CatchUpOnBoot } from './features/catch-up-on-boot.js';
import { FollowNotificationsHandler } from './features/follow-notifications.handler.js';
import { GetPreferencesHandler } from './features/get-preferences.handler.js';
import { GetUnsubscriptionHandler } from './features/get-unsubscription.handler.js';
import { KeepRecipientsOnAccountChangedHandler } from './features/keep-recipients-on-account-changed.handler.js';
import { ListEmailsHandler } from './features/list-emails.handler.js';
import { ListNotificationsHandler } from './features/list-notifications.handler.js';
import { NotifyOnAccountChangedHandler } from './features/notify-on-account-changed.handler.js';
import { NotifyOnAnswerFinishedHandler } from './features/notify-on-answer-finished.handler.js';
import { NotifyOnInstallFailedHandler } from './features/notify-on-install-failed.handler.js';
import { NotifyOnModelInstalledHandler } from './features/notify-on-model-installed.handler.js';
import { NotifyOnUserSignedInHandler } from './features/notify-on-user-signed-in.handler.js';
import { NotifyOnUserSignedUpHandler } from './features/notify-on-user-signed-up.handler.js';
import { ReadAllNotificationsHandler } from './features/read-all-notifications.handler.js';
import { ReadNotificationHandler } from './features/read-notification.handler.js';
import { RetryEmailHandler } from './features/retry-email.handler.js';
import { SeeConversationHandler } from './features/see-conversation.handler.js';
import { SetPreferencesHandler } from './features/set-preferences.handler.js';
import { TidyUp } from './features/tidy-up.js';
import { UnsubscribeHandler } from './features/unsubscribe.handler.js';
import { NotificationFeed } from './live/notification-feed.js';
import { Wakes } from './live/wakes.js';
import { EmailWorker } from './mail/email-worker.js';
import { Mailer } from './mail/mailer.js';
import { UnsubscribeTokens } from './mail/unsubscribe-tokens.js';
import { Inboxes } from './persistence/inboxes.js';
import { Notices } from './persistence/notices.js';
import { OutgoingEmails } from './persistence/outgoing-emails.js';
import { Preferences } from './persistence/preferences.js';
import { Recipients } from './persistence/recipients.js';

@Module({
  providers: [
    KeepRecipientsOnAccountChangedHandler,
    NotifyOnUserSignedUpHandler,
    NotifyOnUserSignedInHandler,
    NotifyOnAccountChangedHandler,
    NotifyOnModelInstalledHandler,
    NotifyOnInstallFailedHandler,
    NotifyOnAnswerFinishedHandler,
    ListNotificationsHandler,
    FollowNotificationsHandler,
    ReadNotificationHandler,
    ReadAllNotificationsHandler,
    SeeConversationHandler,
    GetPreferencesHandler,
    SetPreferencesHandler,
    GetUnsubscriptionHandler,
    UnsubscribeHandler,
    ListEmailsHandler,
    RetryEmailHandler,
    CatchUpOnBoot,
    TidyUp,
    Recipients,
    Notices,
    Inboxes,
    Preferences,
    OutgoingEmails,
    NotificationFeed,
    Wakes,
    Mailer,
    EmailWorker,
    UnsubscribeTokens,
  ],
})
export class NotificationsModule {}
