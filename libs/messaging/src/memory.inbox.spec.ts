import { inboxContract } from './inbox.contract.js';
import { MemoryInbox } from './memory.inbox.js';

inboxContract('memory', async () => ({ inbox: new MemoryInbox(), unit: (work) => work(), close: async () => {} }));
