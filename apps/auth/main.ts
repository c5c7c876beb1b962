import { run, service } from '@app/service';
import { AuthModule } from '../../src/auth/auth.module.js';
import { queues } from '../../src/queues.js';

export const running = run(service({ name: 'auth', modules: [AuthModule], queues }));
