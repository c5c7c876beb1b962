import { run, service } from '@app/service';
import { AdminModule } from '../../src/admin/admin.module.js';

await run(service('admin', AdminModule));
