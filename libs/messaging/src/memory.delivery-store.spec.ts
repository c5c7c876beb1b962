import { deliveryStoreContract } from './delivery-store.contract.js';
import { MemoryDeliveryStore } from './memory.delivery-store.js';

deliveryStoreContract('memory', async () => ({ store: new MemoryDeliveryStore(), close: async () => {} }));
