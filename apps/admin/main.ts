import { run, service } from '@app/service';
import { AdminModule } from '../../src/admin/admin.module.js';
import { queues } from '../../src/queues.js';

await run(service({ name: 'admin', modules: [AdminModule], queues }));
