import type { Duplex } from 'node:stream';

/**
 * Makes one system call of what is written to a socket in one turn of the event loop. amqplib writes each frame by itself,
 * and a call costs more than all that was done for the frame. Order and back-pressure are the stream's own.
 */
export function gatherWrites(socket: Duplex): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  const flush = () => socket.uncork();
  socket.write = (...args: unknown[]): boolean => {
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(flush);
    }
    return write(...args);
  };
}
