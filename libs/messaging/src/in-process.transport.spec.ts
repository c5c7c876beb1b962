import { inProcessHarness } from './in-process-harness.contract.js';
import { MemoryDeliveryStore } from './memory.delivery-store.js';
import { transportContract } from './transport.contract.js';

transportContract('in-process (memory)', async () => inProcessHarness(new MemoryDeliveryStore()));
