import { expect, it } from 'vitest';
import { eventually } from './transport-helpers.contract.js';
import type { Stage } from './transport-stage.contract.js';

export function signalsContract(stage: () => Stage): void {
  it('brings a hint to each who listens to its topic, in every process', async () => {
    const { server, client, name } = stage();
    const heard = new Set<string>();
    for (const [process, transport] of Object.entries({ server, client }))
      transport.onSignal(name('news'), () => heard.add(process));
    await eventually(() => {
      client.signal(name('news'));
      return heard.size === 2;
    });
  });

  it('brings no more hints to whoever ended listening, and goes on with the others', async () => {
    const { server, client, name } = stage();
    let left = 0;
    let stayed = 0;
    const leave = server.onSignal(name('news'), () => left++);
    server.onSignal(name('news'), () => stayed++);
    await eventually(() => {
      client.signal(name('news'));
      return left > 0 && stayed > 0;
    });
    leave();
    const before = left;
    stayed = 0;
    await eventually(() => {
      client.signal(name('news'));
      return stayed > 0;
    });
    expect(left).toBe(before);
  });

  it('hears again after the last one left and another one came', async () => {
    const { server, client, name } = stage();
    server.onSignal(name('news'), () => undefined)();
    let heard = false;
    server.onSignal(name('news'), () => (heard = true));
    await eventually(() => {
      client.signal(name('news'));
      return heard;
    });
  });
}
