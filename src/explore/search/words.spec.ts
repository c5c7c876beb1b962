import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forgiven, nearest, slipsBetween, slipsOf, tsqueryOf, wordsOf } from './words.js';

describe('the words of a text', () => {
  it('are lower case, without accents and signs', () =>
    expect(wordsOf('Qwen3-0.6B: Modèle (français)!')).toEqual(['qwen3', '0', '6b', 'modele', 'francais']));

  it('are letters and digits, whatever was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) =>
        wordsOf(text).every((word) => /^[\p{L}\p{N}]{1,40}$/u.test(word)),
      ),
    );
  });
});

describe('a query', () => {
  it('quotes every word, so that none is an operator', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }), (words) => {
        const query = tsqueryOf(words.map((word) => [word])) ?? '';
        const inQuotes = query.replaceAll(/'(?:[^'\\]|''|\\\\)*'/g, 'W');
        expect(inQuotes).toBe(words.map(() => '(W:*)').join(' & '));
      }),
    );
  });
  it('is none without words', () => expect(tsqueryOf([])).toBeNull());
});

const word = fc.stringMatching(/^[a-z]{4,14}$/);

describe('a slip of the fingers', () => {
  it.each([
    ['llama', 'lama', 1],
    ['mistral', 'mitsral', 1],
    ['qwen', 'qwen', 0],
    ['instruct', 'instrcut', 1],
    ['abc', '', 3],
  ])('%s and %s are %i apart', (a, b, far) => expect(slipsBetween(a, b)).toBe(far));

  it('is the same both ways', () => {
    fc.assert(fc.property(word, word, (a, b) => slipsBetween(a, b) === slipsBetween(b, a)));
  });

  it('leaves two words with a common look-up form, as long as they forgive it', () => {
    fc.assert(
      fc.property(
        word,
        fc.nat(),
        fc.stringMatching(/^[a-z]$/),
        fc.constantFrom('drop', 'swap', 'put'),
        (right, n, l, how) => {
          const at = n % (right.length - 1);
          const typed = {
            drop: right.slice(0, at) + right.slice(at + 1),
            swap: right.slice(0, at) + right[at + 1] + right[at] + right.slice(at + 2),
            put: right.slice(0, at) + l + right.slice(at),
          }[how];
          fc.pre(forgiven(typed) >= 1);
          const forms = new Set(slipsOf(right));
          expect(slipsOf(typed).some((form) => forms.has(form))).toBe(true);
          expect(nearest(typed, [right])).toEqual([right]);
        },
      ),
    );
  });

  it('puts the nearest word first, and the beginning of one after it', () =>
    expect(nearest('mitsral', ['mistralai', 'mistral', 'minstrel'])).toEqual(['mistral', 'mistralai']));
});
