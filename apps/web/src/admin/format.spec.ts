import { describe, expect, it } from 'vitest';
import { formatCompact, formatDay, formatSpan, plural } from './format.js';

describe('formatSpan', () => {
  it.each([
    [-500, '0 s'],
    [8_900, '8 s'],
    [5 * 60_000, '5 min'],
    [200 * 60_000, '3 h 20 min'],
    [52 * 3_600_000, '2 d 4 h'],
  ])('writes %d ms as %s', (ms, text) => expect(formatSpan(ms)).toBe(text));
});

describe('the figures of the administration', () => {
  it('are short, and say what they count', () => {
    expect([formatCompact(999), formatCompact(12_345), formatCompact(2_500_000)]).toEqual(['999', '12.3K', '2.5M']);
    expect([plural(1, 'process', 'processes'), plural(2000, 'message')]).toEqual(['1 process', '2,000 messages']);
  });

  it('take a day as the server counts it, wherever the reader is', () => {
    expect(formatDay('2026-11-21')).toBe('Nov 21');
  });
});
