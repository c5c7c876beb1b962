import { Module } from '@nestjs/common';
import { KeepAdministratorsOnAccountChangedHandler } from './features/keep-administrators-on-account-changed.handler.js';
import { ListNotificationsHandler } from './features/list-notifications.handler.js';
import { NotifyOnInstallFailedHandler } from './features/notify-on-install-failed.handler.js';
import { NotifyOnModelInstalledHandler } from './features/notify-on-model-installed.handler.js';
import { NotifyOnUserSignedUpHandler } from './features/notify-on-user-signed-up.handler.js';
import { ReadNotificationHandler } from './features/read-notification.handler.js';
import { Administrators } from './persistence/administrators.js';

@Module({
  providers: [
    KeepAdministratorsOnAccountChangedHandler,
    NotifyOnUserSignedUpHandler,
    NotifyOnModelInstalledHandler,
    NotifyOnInstallFailedHandler,
    ListNotificationsHandler,
    ReadNotificationHandler,
    Administrators,
  ],
})
export class NotificationsModule {}
