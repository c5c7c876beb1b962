import { testDatabase, testDatabaseKinds } from '@app/testing';
import { DatabaseDeliveryStore } from './database.delivery-store.js';
import { deliveryStoreContract } from './delivery-store.contract.js';

for (const kind of testDatabaseKinds) {
  deliveryStoreContract(kind, async () => {
    const { db, dispose } = await testDatabase(kind);
    return { store: new DatabaseDeliveryStore(db), close: dispose };
  });
}
