import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { newId } from '@app/kernel';
import type { Transport } from './transport.js';
import { requestsContract } from './transport-requests.contract.js';
import { reactionsContract } from './transport-reactions.contract.js';
import { streamsContract } from './transport-streams.contract.js';

/** What a suite needs of an adapter, beside the adapter itself. */
export interface TransportHarness {
  /** The transport of a process: another one at each call where the adapter can have several, else the one that lives. */
  connect(): Promise<Transport>;
  /** Closes it, as a process that ends in an orderly way does. */
  disconnect(transport: Transport): Promise<void>;
  /** Ends what `connect` gave as `kill -9` would: nothing is said goodbye to. */
  crash(transport: Transport): Promise<void>;
  /** How many items a producer may be ahead of the reader that took none. */
  maxLead: number;
  close(): Promise<void>;
}

/** Two processes and names that no other test has, because a broker's queues outlive a test. */
export interface Stage {
  readonly harness: TransportHarness;
  readonly server: Transport;
  readonly client: Transport;
  name(what: string): string;
}

/** Every adapter passes this, unchanged. What it asserts is what domain code may rely on. */
export function transportContract(adapter: string, open: () => Promise<TransportHarness>): void {
  describe(`the ${adapter} transport`, () => {
    let harness: TransportHarness;
    let processes: { server: Transport; client: Transport };
    const run = newId().slice(-8);

    beforeAll(async () => {
      harness = await open();
    });
    beforeEach(async () => {
      processes = { server: await harness.connect(), client: await harness.connect() };
    });
    afterAll(() => harness?.close());

    const stage = (): Stage => ({ harness, ...processes, name: (what) => `${what}-${run}.v1` });
    describe('requests', () => requestsContract(stage));
    describe('streams', () => streamsContract(stage));
    describe('reactions', () => reactionsContract(stage));
  });
}
