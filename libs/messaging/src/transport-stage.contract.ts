import type { Transport } from './transport.js';

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
