import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PromptMessage, promptOf } from './prompt.js';

const user = (content: string): PromptMessage => ({ role: 'user', content });
const assistant = (content: string): PromptMessage => ({ role: 'assistant', content });

describe('a prompt', () => {
  it('begins with the system message and keeps the order', () => {
    expect(promptOf('Be kind.', [user('a'), assistant('b'), user('c')])).toEqual([
      { role: 'system', content: 'Be kind.' },
      user('a'),
      assistant('b'),
      user('c'),
    ]);
  });

  it('joins what was said around an answer that failed', () => {
    expect(promptOf('s', [user('a'), assistant(''), user('b')]).slice(1)).toEqual([user('a\n\nb')]);
  });

  it('always takes turns and loses no text', () => {
    const message = fc.record({ role: fc.constantFrom('user' as const, 'assistant' as const), content: fc.string() });
    fc.assert(
      fc.property(fc.array(message), (path) => {
        const prompt = promptOf('s', path);
        for (let at = 1; at < prompt.length; at++) expect(prompt[at]?.role).not.toBe(prompt[at - 1]?.role);
        for (const { content } of path) expect(prompt.some((one) => one.content.includes(content))).toBe(true);
      }),
    );
  });
});
