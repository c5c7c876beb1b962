import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { newId } from '@app/kernel';
import type { Transport } from './transport.js';
import { requestsContract } from './transport-requests.contract.js';
import { reactionsContract } from './transport-reactions.contract.js';
import { signalsContract } from './transport-signals.contract.js';
import type { Stage, TransportHarness } from './transport-stage.contract.js';
import { streamsContract } from './transport-streams.contract.js';

/** Every adapter passes this, unchanged. What it asserts is what domain code may rely on. */
export function transportContract(adapter: string, open: () => Promise<TransportHarness>): void {
  describe(`the ${adapter} transport`, () => {
    let harness: TransportHarness;
    let processes: { server: Transport; client: Transport };
    let test: string;

    beforeAll(async () => {
      harness = await open();
    });
    beforeEach(async () => {
      test = newId().slice(-8);
      processes = { server: await harness.connect(), client: await harness.connect() };
    });
    afterAll(() => harness?.close());

    const stage = (): Stage => ({ harness, ...processes, name: (what) => `${what}-${test}.v1` });
    describe('requests', () => requestsContract(stage));
    describe('streams', () => streamsContract(stage));
    describe('reactions', () => reactionsContract(stage));
    describe('signals', () => signalsContract(stage));
  });
}
