import { run, service } from '@app/service';
import { ChatModule } from '../../src/chat/chat.module.js';

await run(service('chat', ChatModule));
