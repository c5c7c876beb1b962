import { describe, expect, it } from 'vitest';
import { failureOf, waitAfter } from './delivery.js';

const told = (responseCode: number | undefined, command: string) =>
  failureOf(Object.assign(new Error('no'), { responseCode, command })).passing;

describe('a failed attempt', () => {
  it.each([
    [450, 'RCPT TO', true],
    [451, 'DATA', true],
    [421, 'CONN', true],
    [550, 'RCPT TO', false],
    [554, 'DATA', false],
    [535, 'AUTH PLAIN', true],
    [550, 'MAIL FROM', true],
    [undefined, 'CONN', true],
  ])('with %s to %s may pass: %s', (code, command, passing) => {
    expect(told(code, command)).toBe(passing);
  });

  it('waits twice as long each time, up to an hour', () => {
    expect([1, 2, 3, 8, 9, 30].map(waitAfter)).toEqual([15, 30, 60, 1920, 3600, 3600]);
  });
});
