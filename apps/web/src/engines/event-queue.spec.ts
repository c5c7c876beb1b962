import { describe, expect, it } from 'vitest';
import { EventQueue } from './event-queue.js';

describe('a queue of events', () => {
  it('gives what was pushed before and after somebody waits, in order, to its end', async () => {
    const queue = new EventQueue<number>();
    queue.push(1);
    const seen: number[] = [];
    const read = (async () => {
      for await (const item of queue) seen.push(item);
    })();
    queue.push(2);
    await Promise.resolve();
    queue.push(3);
    queue.end();
    await read;
    expect(seen).toEqual([1, 2, 3]);
  });

  it('gives what came before it failed', async () => {
    const queue = new EventQueue<number>();
    queue.push(1);
    queue.fail(new Error('broken'));
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const item of queue) seen.push(item);
      })(),
    ).rejects.toThrow('broken');
    expect(seen).toEqual([1]);
  });
});
