import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The way to a server, which can be cut (connections are refused) and held (nothing gets through). */
export class NetworkPath {
  private readonly sockets = new Set<Socket>();
  private readonly server;
  private port = 0;
  private held = false;

  private constructor(private readonly target: URL) {
    this.server = createServer((near) => {
      const far = connect(Number(this.target.port), this.target.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(from);
        from.on('data', (chunk) => to.write(chunk));
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.sockets.delete(from);
          to.destroy();
        });
        if (this.held) from.pause();
      }
    });
  }

  /** @param target URL of the server, with a port */
  static async to(target: string): Promise<NetworkPath> {
    const path = new NetworkPath(new URL(target));
    await path.heal();
    return path;
  }

  /** The same URL by this way. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  async heal(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  cut(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  hold(): void {
    this.held = true;
    for (const socket of this.sockets) socket.pause();
  }

  release(): void {
    this.held = false;
    for (const socket of this.sockets) socket.resume();
  }
}
