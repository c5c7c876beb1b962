import type { DeliveryStore } from './delivery-store.js';
import { InProcessTransport } from './in-process.transport.js';
import type { TransportHarness } from './transport-stage.contract.js';

/** One process at a time over one store, which outlives it. */
export function inProcessHarness(store: DeliveryStore, close: () => Promise<void> = async () => {}): TransportHarness {
  let living: { transport: InProcessTransport; kill: () => void } | undefined;
  const start = () => {
    const { reach, kill } = severable(store);
    return { transport: new InProcessTransport(reach, { pollMs: 20 }), kill };
  };
  return {
    maxLead: 1,
    connect: async () => (living ??= start()).transport,
    disconnect: async (transport) => {
      living = undefined;
      await transport.close();
    },
    crash: async () => {
      living?.kill();
      living = undefined;
    },
    close: async () => {
      await living?.transport.close();
      await close();
    },
  };
}

/** The store as a process reaches it: once killed, its calls neither do anything nor return. */
function severable(store: DeliveryStore): { reach: DeliveryStore; kill: () => void } {
  let dead = false;
  const reach = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const method = member as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => (dead ? new Promise(() => undefined) : method.apply(target, args));
    },
  });
  return { reach, kill: () => (dead = true) };
}
