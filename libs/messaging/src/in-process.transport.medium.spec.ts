import { testDatabase, testDatabaseKinds } from '@app/testing';
import { DatabaseDeliveryStore } from './database.delivery-store.js';
import { inProcessHarness } from './in-process-harness.contract.js';
import { transportContract } from './transport.contract.js';

for (const kind of testDatabaseKinds) {
  transportContract(`in-process (${kind})`, async () => {
    const { db, dispose } = await testDatabase(kind);
    return inProcessHarness(new DatabaseDeliveryStore(db), dispose);
  });
}
