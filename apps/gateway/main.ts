import { run, service } from '@app/service';
import { httpModules } from '../../src/app.module.js';

await run(service('gateway', ...httpModules));
