import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heal } from './heal.js';

describe('heal', () => {
  it.each([
    ['some **bold te', 'some **bold te**'],
    ['some **', 'some '],
    ['some *it', 'some *it*'],
    ['use `npm i', 'use `npm i`'],
    ['see [the docs](https://exa', 'see the docs'],
    ['see [the do', 'see the do'],
    ['- one\n- **two', '- one\n- **two**'],
    ['~~gone', '~~gone~~'],
  ])('shows %j as %j', (raw, shown) => {
    expect(heal(raw)).toBe(shown);
  });

  it.each([
    'plain text',
    'a **b** c',
    '* item\n* item',
    '`a*b`',
    'see [x](https://y.z) now',
    '```js\nconst a = `b',
    '2 * 3 * 4',
  ])('leaves %j alone', (raw) => {
    expect(heal(raw)).toBe(raw);
  });

  it('takes any text, and ends', () => {
    fc.assert(fc.property(fc.stringMatching(/^[a*_~`[\]()! \n-]{0,60}$/), (raw) => typeof heal(raw) === 'string'));
  });
});
