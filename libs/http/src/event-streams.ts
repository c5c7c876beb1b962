import type { ServerResponse } from 'node:http';

/** Told to open streams: send a sign of life, or end because the server does. */
export interface OpenStream {
  readonly raw: ServerResponse;
  /** Something was written since the last heartbeat. */
  active: boolean;
  /** End now so that the client connects again (elsewhere), or let it come to its end. */
  readonly onShutdown: 'close' | 'finish';
  close(comment: string): void;
}

/** Comment at the end of a stream that is to be taken up again. */
export const GOODBYE = 'the server restarts, please connect again';

const HEARTBEAT_MS = 15_000;

/** The open event streams of this process: one heartbeat timer for all of them, and their end at shutdown. */
export class EventStreams {
  private readonly open = new Set<OpenStream>();
  private timer: NodeJS.Timeout | undefined;
  private closing = false;

  constructor(private readonly heartbeatMs: number = HEARTBEAT_MS) {}

  get count(): number {
    return this.open.size;
  }

  add(stream: OpenStream): void {
    this.open.add(stream);
    this.timer ??= setInterval(() => this.beat(), this.heartbeatMs).unref();
    if (this.closing && stream.onShutdown === 'close') stream.close(GOODBYE);
  }

  remove(stream: OpenStream): void {
    this.open.delete(stream);
    if (this.open.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Ends the streams that a client takes up again by itself. */
  closeResumable(): void {
    this.closing = true;
    for (const stream of this.open) if (stream.onShutdown === 'close') stream.close(GOODBYE);
  }

  private beat(): void {
    for (const stream of this.open) {
      // A client that does not read gets no more to read.
      if (!stream.active && !stream.raw.writableNeedDrain) stream.raw.write(':\n\n');
      stream.active = false;
    }
  }
}
