import { describe, expect, it } from 'vitest';
import { LogWriter } from './log-writer.js';

describe('the pen of one generation', () => {
  it('writes nothing behind what the log did not take', async () => {
    let woken = 0;
    const writer = new LogWriter('01a20027-7c96-7441-85a8-ac7012920ae3', 1, 4, null, () => woken++);
    writer.token(' one', [1]);
    expect(writer.take()).toMatchObject([{ sequence: 5, text: ' one' }]);
    writer.refused();
    woken = 0;

    writer.token(' two', [2]);
    writer.restart('begun anew');

    await writer.flushed();
    expect(writer.take()).toEqual([]);
    expect([woken, writer.lost.aborted]).toEqual([0, true]);
  });
});
