import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptySplit, splitBlocks } from './blocks.js';

const pieces = [
  '# Title\n',
  '## Part\n\n',
  'Some *words* here',
  '\n',
  '\n\n',
  '- item\n',
  '  more of the item\n',
  '\n  a paragraph of the item\n',
  '1',
  '. ',
  'first\n',
  '2. second\n',
  '```ts\n',
  'const a = 1;\n',
  '```\n',
  '| a | b |\n',
  '|---|---|\n',
  '| 1 | 2 |\n',
  '> quote\n',
  '---\n',
  '===\n',
  '    indented\n',
  '<div>\n',
  '</div>\n',
  '[1]: https://example.org\n',
  ' ',
  '-',
  '*',
  '~~~\n',
  'é🙂',
];

const markdown = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join(''));

describe('splitBlocks', () => {
  it('gives the same blocks for a text that came in pieces as for the whole text', () => {
    fc.assert(
      fc.property(markdown, fc.array(fc.nat({ max: 200 }), { maxLength: 60 }), (text, cuts) => {
        const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
        let split = emptySplit;
        for (const end of ends) split = splitBlocks(text.slice(0, end), split);
        expect(split.blocks).toEqual(splitBlocks(text).blocks);
      }),
      { numRuns: 3000 },
    );
  });

  it('loses nothing but white space', () => {
    const visible = (text: string) => text.replace(/\s/g, '');
    fc.assert(
      fc.property(markdown, (text) => {
        const { blocks } = splitBlocks(text);
        expect(visible(blocks.map((block) => block.raw).join(''))).toBe(visible(text));
      }),
    );
  });

  it('keeps the blocks before the last two as they were, the same objects', () => {
    const before = splitBlocks('one\n\ntwo\n\nthree\n\nfour');
    const after = splitBlocks('one\n\ntwo\n\nthree\n\nfour and more', before);
    expect(after.blocks[0]).toBe(before.blocks[0]);
    expect(after.blocks[2]).toBe(before.blocks[2]);
    expect(after.blocks.at(-1)?.raw).toBe('four and more');
  });

  it('starts again when the text is another', () => {
    const before = splitBlocks('one\n\ntwo\n\nthree');
    expect(splitBlocks('Other', before).blocks).toEqual([{ type: 'paragraph', raw: 'Other', level: 0 }]);
  });

  it('makes an outline without gaps from any headings', () => {
    const levels = splitBlocks('### a\n\n### b\n\n##### c\n\n# d\n\n#### e\n').blocks.filter(
      (b) => b.type === 'heading',
    );
    expect(levels.map((block) => block.level)).toEqual([1, 1, 2, 1, 2]);
  });

  it('collects link definitions for all blocks', () => {
    expect(splitBlocks('See [this][1].\n\n[1]: https://example.org').definitions).toBe('[1]: https://example.org');
  });
});
