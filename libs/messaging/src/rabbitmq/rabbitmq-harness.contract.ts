import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TransportHarness } from '../transport-stage.contract.js';
import { RabbitMqTransport } from './rabbitmq.transport.js';
import { WINDOW } from './stream-reader.js';

/** A path to the broker that can be cut and healed. */
export class Path {
  readonly #sockets = new Set<Socket>();
  #up = true;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(brokerUrl: string): Promise<Path> {
    const target = new URL(brokerUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(brokerUrl);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as AddressInfo).port);
    const path = new Path(server, url.href);
    server.on('connection', (near) => path.#join(near, connect(Number(target.port || 5672), target.hostname)));
    return path;
  }

  cut(): void {
    this.#up = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#up = true;
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  #join(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.setNoDelay(true);
      one.pipe(other);
    }
    if (!this.#up) near.destroy();
  }
}

/** Each transport has its own path to the broker, so that a crash is what the broker sees of one: a connection that breaks. */
export async function rabbitMqHarness(brokerUrl: string): Promise<TransportHarness> {
  const paths = new Map<object, Path>();
  const living = new Set<RabbitMqTransport>();
  return {
    maxLead: WINDOW + 1,
    connect: async () => {
      const path = await Path.to(brokerUrl);
      const transport = new RabbitMqTransport({ url: path.url, service: 'contract' });
      paths.set(transport, path);
      living.add(transport);
      await transport.start();
      return transport;
    },
    disconnect: async (transport) => {
      living.delete(transport as RabbitMqTransport);
      await transport.close();
      paths.get(transport)?.close();
    },
    crash: async (transport) => {
      living.delete(transport as RabbitMqTransport);
      paths.get(transport)?.close();
    },
    close: async () => {
      await Promise.all([...living].map((transport) => transport.close()));
      for (const path of paths.values()) path.close();
    },
  };
}
