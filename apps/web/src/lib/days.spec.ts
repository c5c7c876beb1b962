import { describe, expect, it } from 'vitest';
import { dayLabel, groupByDay } from './days.js';

const now = new Date(2026, 10, 21, 9, 30);

describe('dayLabel', () => {
  it.each([
    [new Date(2026, 10, 21, 0, 1), 'Today'],
    [new Date(2026, 10, 21, 23, 0), 'Today'],
    [new Date(2026, 10, 20, 23, 59), 'Yesterday'],
    [new Date(2026, 10, 15, 12), 'Last 7 days'],
    [new Date(2026, 10, 14, 12), 'Last 30 days'],
    [new Date(2026, 9, 1), 'October'],
    [new Date(2025, 2, 1), 'March 2025'],
  ])('calls %s %s', (then, label) => {
    expect(dayLabel(then, now)).toBe(label);
  });
});

describe('groupByDay', () => {
  it('keeps the order and puts neighbours of one label together', () => {
    const items = [new Date(2026, 10, 21, 8), new Date(2026, 10, 21, 7), new Date(2026, 10, 20)];
    const groups = groupByDay(items, (date) => date.toISOString(), now);
    expect(groups.map((group) => [group.label, group.items.length])).toEqual([
      ['Today', 2],
      ['Yesterday', 1],
    ]);
  });
});
