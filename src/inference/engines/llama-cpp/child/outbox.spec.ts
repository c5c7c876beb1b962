import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FromChild } from '../protocol.js';
import { Outbox } from './outbox.js';

const token = (id: number, text: string) => ({ id, event: { type: 'token' as const, text, tokenIds: [text.length] } });
const GATHER = 40;

describe('Outbox', () => {
  let sent: FromChild[];
  let outbox: Outbox;
  const textsOf = () =>
    sent.splice(0).map(({ events }) => events.map((e) => ('event' in e && 'text' in e.event ? e.event.text : 'other')));
  /** Time goes on, and with it the turns of the event loop. */
  const after = async (ms: number) => {
    vi.advanceTimersByTime(ms);
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'], now: 1_000 });
    sent = [];
    outbox = new Outbox((message) => sent.push(message));
    outbox.flush();
    sent = [];
  });
  afterEach(() => void vi.useRealTimers());

  it('sends what comes in one turn as one message', async () => {
    outbox.add(token(1, 'a'));
    outbox.add(token(2, 'b'));
    await after(0);
    expect(textsOf()).toEqual([['a', 'b']]);
  });

  it('keeps what may wait until so much time has gone by since the last message', async () => {
    outbox.add(token(1, 'a'), GATHER);
    await after(30);
    outbox.add(token(1, 'b'), GATHER);
    outbox.add(token(2, 'c'), GATHER);
    expect(textsOf()).toEqual([]);
    await after(12);
    outbox.add(token(2, 'd'), GATHER);
    await after(0);
    expect(textsOf()).toEqual([['ab', 'cd']]);
  });

  it('waits for no further token much longer than that', async () => {
    outbox.add(token(1, 'a'), GATHER);
    await after(1.25 * GATHER);
    expect(textsOf()).toEqual([['a']]);
    await after(10 * GATHER);
    expect(textsOf()).toEqual([]);
  });

  it('does not hold back the tokens of a model that is slower', async () => {
    await after(60);
    outbox.add(token(1, 'a'), GATHER);
    await after(0);
    expect(textsOf()).toEqual([['a']]);
  });

  it('sends what waits with what may not, in order', async () => {
    outbox.add(token(1, 'a'), GATHER);
    outbox.add(token(1, 'b'), GATHER);
    outbox.add({ id: 1, done: null });
    outbox.add(token(2, 'c'));
    await after(0);
    expect(textsOf()).toEqual([['ab', 'other', 'c']]);
  });

  it('keeps the ids with their texts', () => {
    outbox.add(token(1, 'a'), GATHER);
    outbox.add(token(1, 'bc'), GATHER);
    outbox.flush();
    expect(sent[0]!.events).toEqual([{ id: 1, event: { type: 'token', text: 'abc', tokenIds: [1, 2] } }]);
  });
});
