import { describe, expect, it } from 'vitest';
import { BatchGate } from './batch-gate.js';

/** Sequences whose evaluations end when `finish` says so, and what was evaluated together. */
function sequences(gate: BatchGate) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const step = (name: string) =>
    gate.step(() => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const taken = async () => {
    await new Promise(setImmediate);
    return begun.splice(0).join(' ');
  };
  return { step, taken, finish: (name: string) => ends.get(name)!() };
}

describe('BatchGate', () => {
  it('lets nobody go on before all have asked', async () => {
    const gate = new BatchGate();
    const { step, taken } = sequences(gate);
    gate.enter();
    gate.enter();
    void step('a');
    expect(await taken()).toBe('');
    void step('b');
    expect(await taken()).toBe('a b');
  });

  it('brings together again who came apart', async () => {
    const gate = new BatchGate();
    const { step, taken, finish } = sequences(gate);
    gate.enter();
    gate.enter();
    void step('a');
    void step('b').then(() => step('b'));
    await taken();
    finish('b');
    expect(await taken()).toBe('');
    void step('a');
    expect(await taken()).toBe('b a');
  });

  it('does not wait for who has left', async () => {
    const gate = new BatchGate();
    const { step, taken } = sequences(gate);
    gate.enter();
    const leave = gate.enter();
    void step('a');
    leave();
    expect(await taken()).toBe('a');
  });
});
