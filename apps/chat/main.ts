import { run, service } from '@app/service';
import { ChatModule } from '../../src/chat/chat.module.js';
import { queues } from '../../src/queues.js';

export const running = run(service({ name: 'chat', modules: [ChatModule], queues, storesMost: true }));
