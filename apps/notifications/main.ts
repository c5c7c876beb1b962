import { run, service } from '@app/service';
import { NotificationsModule } from '../../src/notifications/notifications.module.js';
import { queues } from '../../src/queues.js';

await run(service({ name: 'notifications', modules: [NotificationsModule], queues }));
