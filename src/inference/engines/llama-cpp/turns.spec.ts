import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

const never = new AbortController().signal;
const ignore = () => {};

describe('turns', () => {
  it('are taken by those who come first', async () => {
    const turns = new Turns(1);
    const order: string[] = [];
    await turns.enter(never, ignore);
    const waiting = ['a', 'b'].map((name) => turns.enter(never, ignore).then(() => order.push(name)));
    turns.leave();
    turns.leave();
    await Promise.all(waiting);
    expect(order).toEqual(['a', 'b']);
  });

  it('tell those who wait how the queue moves', async () => {
    const turns = new Turns(1);
    const positions: number[] = [];
    await turns.enter(never, ignore);
    const first = turns.enter(never, ignore);
    const second = turns.enter(never, (position) => positions.push(position));
    turns.leave();
    await first;
    turns.leave();
    await second;
    expect(positions).toEqual([2, 1]);
  });

  it('are not kept for one who has gone', async () => {
    const turns = new Turns(1);
    const gone = new AbortController();
    await turns.enter(never, ignore);
    const left = turns.enter(gone.signal, ignore);
    gone.abort();
    await expect(left).rejects.toMatchObject({ code: 'inference.cancelled' });
    turns.leave();
    expect(turns.idle).toBe(true);
    await turns.enter(never, ignore);
    expect(turns.idle).toBe(false);
  });
});
