import { run, service } from '@app/service';
import { AuthModule } from '../../src/auth/auth.module.js';

await run(service('auth', AuthModule));
