import { describe, expect, it } from 'vitest';
import { EventQueue } from './event-queue.js';

const read = async (queue: EventQueue<number>) => {
  const seen: number[] = [];
  for await (const event of queue) seen.push(event);
  return seen;
};

describe('an event queue', () => {
  it('hands on what came before and while it is read, in order', async () => {
    const queue = new EventQueue<number>();
    queue.push(1);
    const seen = read(queue);
    await Promise.resolve();
    queue.push(2);
    queue.push(3);
    setImmediate(() => {
      queue.push(4);
      queue.end();
    });
    expect(await seen).toEqual([1, 2, 3, 4]);
  });

  it('throws the error after the events before it', async () => {
    const queue = new EventQueue<number>();
    queue.push(1);
    queue.end(new Error('broken'));
    const seen: number[] = [];
    const reading = (async () => {
      for await (const event of queue) seen.push(event);
    })();
    await expect(reading).rejects.toThrow('broken');
    expect(seen).toEqual([1]);
  });

  it('takes nothing after its end', async () => {
    const queue = new EventQueue<number>();
    queue.end();
    queue.push(1);
    expect(await read(queue)).toEqual([]);
  });
});
