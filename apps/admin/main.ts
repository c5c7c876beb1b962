import { run, service } from '@app/service';
import { AdminModule } from '../../src/admin/admin.module.js';
import { queues } from '../../src/queues.js';

export const running = run(service({ name: 'admin', modules: [AdminModule], queues }));
