import { describe, expect, it } from 'vitest';
import { formatAgo, formatBytes, formatDuration, formatParameters, formatTokens } from './format.js';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [98_362_432, '98.4 MB'],
    [999_700, '1 MB'],
    [2_489_757_856, '2.5 GB'],
  ])('writes %d as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatDuration', () => {
  it.each([
    [142, '142 ms'],
    [1500, '1.5 s'],
    [61_000, '1 min 1 s'],
    [119_900, '2 min 0 s'],
    [3_720_000, '1 h 2 min'],
  ])('writes %d ms as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('formatTokens', () => {
  it('counts context lengths in k', () => {
    expect([formatTokens(512), formatTokens(8192), formatTokens(131_072)]).toEqual(['512', '8k', '128k']);
  });
});

describe('formatParameters', () => {
  it.each([
    [134_515_008, '135 M'],
    [1_711_376_384, '1.7 B'],
    [70_553_706_496, '70.6 B'],
  ])('writes %d as %s', (count, text) => expect(formatParameters(count)).toBe(text));
});

describe('formatAgo', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  it.each([
    ['2026-11-21T11:59:30Z', 'just now'],
    ['2026-11-21T12:00:05Z', 'just now'],
    ['2026-11-21T11:15:00Z', '45 min ago'],
    ['2026-11-21T09:30:00Z', '2 h ago'],
    ['2026-11-19T12:00:00Z', 'Nov 19, 2026'],
  ])('writes %s as %s', (iso, text) => expect(formatAgo(iso, now)).toBe(text));
});
