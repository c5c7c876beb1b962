import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withHiddenContent, withoutContent } from './without-content.js';

describe('the data of an audited event', () => {
  it('tells the length of what was written instead of the writing', () => {
    expect(
      withoutContent({ messageId: 'a', text: 'secret', error: { code: 'x', text: 'inner' }, title: null }),
    ).toEqual({
      messageId: 'a',
      text: { characters: 6 },
      error: { code: 'x', text: { characters: 5 } },
      title: null,
    });
  });

  it('can keep its shape, with each text of the content behind something else', () => {
    const data = { title: 'a', messages: [{ role: 'user', content: 'b' }], model: 'm', count: 1 };
    expect(withHiddenContent(data, () => '*')).toEqual({
      title: '*',
      messages: [{ role: '*', content: '*' }],
      model: 'm',
      count: 1,
    });
  });

  it('never shows content, wherever it lies', () => {
    const secret = 'what nobody else may read';
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'list'), { maxLength: 6 }), (path) => {
        const data = path.reduceRight<Record<string, unknown>>(
          (below, key) => ({ [key]: key === 'list' ? [below] : below }),
          { text: secret, messages: [{ content: secret }] },
        );
        expect(JSON.stringify(withoutContent(data))).not.toContain(secret);
      }),
    );
  });
});
