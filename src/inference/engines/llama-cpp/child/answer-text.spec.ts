import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerText, type Chunk } from './answer-text.js';

/** A token is a byte. */
const detokenize = (tokens: number[]) => Buffer.from(tokens).toString();

function run(text: string | number[], stop: string[] = []): { chunks: Chunk[]; stopped: boolean } {
  const answer = new AnswerText(detokenize, stop, []);
  const chunks: Chunk[] = [];
  for (const token of typeof text === 'string' ? Buffer.from(text) : text) {
    const chunk = answer.push(token);
    if (chunk) chunks.push(chunk);
    if (answer.stopped) return { chunks, stopped: true };
  }
  const rest = answer.end();
  return { chunks: rest ? [...chunks, rest] : chunks, stopped: false };
}
const textOf = (chunks: Chunk[]) => chunks.map(({ text }) => text).join('');

describe('the text of an answer', () => {
  it('comes in whole characters', () => {
    expect(run('aé🙂').chunks.map(({ text }) => text)).toEqual(['a', 'é', '🙂']);
  });

  it('drops a character that has not ended', () => {
    expect(textOf(run([0x61, 0xf0, 0x9f]).chunks)).toBe('a');
  });

  it('goes on after bytes that are no character', () => {
    expect(textOf(run([0xff, ...Buffer.from('abcdefgh')]).chunks)).toBe('\uFFFDabcdefgh');
  });

  it('ends before the stop text that comes first', () => {
    expect(run('one two three', ['three', 'two'])).toMatchObject({ stopped: true });
    expect(textOf(run('one two three', ['three', 'two']).chunks)).toBe('one ');
  });

  it('keeps the ids of every token that is shown whole', () => {
    expect(run('ab', ['b']).chunks).toEqual([{ text: 'a', tokenIds: [97] }]);
  });

  it('shows the rest when the answer ends within the beginning of a stop text', () => {
    expect(run('the en', ['end'])).toEqual({
      chunks: expect.arrayContaining([{ text: 'en', tokenIds: [101, 110] }]),
      stopped: false,
    });
  });

  it('never shows a part of a stop text, and loses nothing before it', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 30 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 4 }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(letters, stops, (text, stop) => {
        // The stop text that is complete first ends the answer.
        const ends = stop
          .map((one) => text.indexOf(one) + one.length)
          .filter((end, place) => end >= stop[place]!.length);
        const seen = ends.length > 0 ? text.slice(0, Math.min(...ends)) : text;
        const first = Math.min(...stop.map((one) => seen.indexOf(one)).filter((index) => index >= 0), seen.length);
        const { chunks, stopped } = run(text, stop);
        expect(stopped).toBe(ends.length > 0);
        expect(textOf(chunks)).toBe(seen.slice(0, first));
        expect(detokenize(chunks.flatMap(({ tokenIds }) => tokenIds))).toBe(textOf(chunks));
      }),
      { numRuns: 1_000 },
    );
  });
});
