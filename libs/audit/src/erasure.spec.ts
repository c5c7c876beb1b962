import { describe, expect, it } from 'vitest';
import { type AuditedEvent, commitmentOf, GENESIS, sealOf } from './chain.js';
import { erase, showErased } from './erasure.js';

const event = (data: object, erased?: Record<string, string>): AuditedEvent => ({
  ...{ position: '1', id: 'i', stream: 's', version: 1, type: 't.said.v1', occurredAt: '2026-01-01T00:00:00.000000Z' },
  ...{ metadata: {}, data, erased },
});
const said = { id: 'x', text: 'a secret', 'odd/key~': { text: ['one', { deep: 'two' }] }, note: 'stays', empty: '' };

describe('an erased event', () => {
  it('holds nothing of what was in its texts, and is otherwise the same', () => {
    const { data, erased } = erase(said, new Set(['text']));
    expect(data).toEqual({ ...said, text: '', 'odd/key~': { text: ['', { deep: '' }] } });
    expect(erased).toEqual({
      '/text': commitmentOf('a secret'),
      '/odd~1key~0/text/0': commitmentOf('one'),
      '/odd~1key~0/text/1/deep': commitmentOf('two'),
    });
  });

  it('has the seal that it had, in the database and in an export', () => {
    const { data, erased } = erase(said, new Set(['text']));
    const seal = sealOf(GENESIS, event(said));
    expect(sealOf(GENESIS, event(data, erased))).toBe(seal);
    expect(sealOf(GENESIS, event(showErased(data, erased) as object), true)).toBe(seal);
    expect(sealOf(GENESIS, event(data))).not.toBe(seal);
    expect(sealOf(GENESIS, event({ ...data, note: 'changed' }, erased))).not.toBe(seal);
    expect(sealOf(GENESIS, event({ ...data, text: 'put back' }, erased))).not.toBe(seal);
  });
});
