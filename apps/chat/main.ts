import { run, service } from '@app/service';
import { ChatModule } from '../../src/chat/chat.module.js';
import { queues } from '../../src/queues.js';

await run(service({ name: 'chat', modules: [ChatModule], queues, storesMost: true }));
