import { run, service } from '@app/service';
import { httpModules } from '../../src/app.module.js';
import { queues } from '../../src/queues.js';

export const running = run(service({ name: 'gateway', modules: httpModules, queues }));
