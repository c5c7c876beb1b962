import { describe, expect, it } from 'vitest';
import { promptOf } from './local-answers.js';
import { pathTo } from './path-to.js';

const said = (id: string, parentId: string | null, role: 'user' | 'assistant', text: string) => ({
  ...{ id, parentId, role, text, conversationId: 'local-1', status: 'complete' as const, runsIn: 'browser' as const },
  ...{ model: null, error: null, metadata: null, createdAt: '2026-11-21T10:00:00.000Z' },
});

describe('the prompt of a conversation that stays in the browser', () => {
  const tree = [
    said('1', null, 'user', 'a'),
    said('2', '1', 'assistant', 'one'),
    said('3', '1', 'assistant', ''),
    said('4', '3', 'user', 'b'),
  ];

  it('follows the branch that is answered, and joins what was said around an answer without a word', () => {
    expect(promptOf(pathTo(tree, '4')).slice(1)).toEqual([{ role: 'user', content: 'a\n\nb' }]);
    expect(
      promptOf(pathTo(tree, '2'))
        .map(({ content }) => content)
        .slice(1),
    ).toEqual(['a', 'one']);
  });

  it('ends for a file that holds a circle', () => {
    const circle = [said('1', '2', 'user', 'a'), said('2', '1', 'assistant', 'b')];
    expect(pathTo(circle, '1').length).toBeLessThanOrEqual(3);
  });
});
