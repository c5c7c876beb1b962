import { run, service } from '@app/service';
import { domainModules, httpModules } from './app.module.js';

await run(service('parley', ...domainModules, ...httpModules));
