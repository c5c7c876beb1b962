import { NetworkPath } from '@app/testing';
import type { TransportHarness } from '../transport-stage.contract.js';
import { RabbitMqTransport } from './rabbitmq.transport.js';
import { WINDOW } from './stream-reader.js';

/** Each transport has its own path to the broker, so that a crash is what the broker sees of one: a connection that breaks. */
export async function rabbitMqHarness(brokerUrl: string): Promise<TransportHarness> {
  const paths = new Map<object, NetworkPath>();
  const living = new Set<RabbitMqTransport>();
  return {
    maxLead: WINDOW + 1,
    connect: async () => {
      const path = await NetworkPath.to(brokerUrl);
      const transport = new RabbitMqTransport({ url: path.url, service: 'contract' });
      paths.set(transport, path);
      living.add(transport);
      await transport.start();
      return transport;
    },
    disconnect: async (transport) => {
      living.delete(transport as RabbitMqTransport);
      await transport.close();
      paths.get(transport)?.cut();
    },
    crash: async (transport) => {
      living.delete(transport as RabbitMqTransport);
      paths.get(transport)?.cut();
    },
    close: async () => {
      await Promise.all([...living].map((transport) => transport.close()));
      for (const path of paths.values()) path.cut();
    },
  };
}
