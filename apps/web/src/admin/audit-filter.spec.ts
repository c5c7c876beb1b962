import { describe, expect, it } from 'vitest';
import { NO_FILTER, problemsOf, toFilter } from './audit-filter.js';

describe('the filter of the audit', () => {
  it('leaves out what is empty', () => {
    expect(toFilter(NO_FILTER)).toEqual({});
    expect(problemsOf(NO_FILTER)).toEqual({});
  });

  it.each([
    ['chat', '', 'chat.'],
    ['chat', 'message.', 'chat.message.'],
    ['chat', 'chat.message.sent.v1', 'chat.message.sent.v1'],
    ['', ' auth.user ', 'auth.user'],
  ])('takes module %j and type %j as %j', (module, type, expected) => {
    expect(toFilter({ ...NO_FILTER, module, type })).toEqual({ type: expected });
  });

  it('sends times with their zone', () => {
    const { from } = toFilter({ ...NO_FILTER, from: '2026-11-21T10:00' });
    expect(from).toBe(new Date(2026, 10, 21, 10).toISOString());
  });

  it('says what the server would refuse', () => {
    const fields = { ...NO_FILTER, type: 'Chat!', id: 'ab', from: '2026-11-21T10:00', to: '2026-11-21T09:00' };
    expect(Object.keys(problemsOf(fields))).toEqual(['type', 'id', 'to']);
  });
});
