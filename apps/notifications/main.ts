import { run, service } from '@app/service';
import { NotificationsModule } from '../../src/notifications/notifications.module.js';

await run(service('notifications', NotificationsModule));
