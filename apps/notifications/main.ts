import { run, service } from '@app/service';
import { NotificationsModule } from '../../src/notifications/notifications.module.js';
import { queues } from '../../src/queues.js';

export const running = run(service({ name: 'notifications', modules: [NotificationsModule], queues }));
