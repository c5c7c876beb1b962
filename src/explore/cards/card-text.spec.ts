import { describe, expect, it } from 'vitest';
import { cardText, pictureSources } from './card-text.js';

const shown = (text: string, cut = false) => cardText(Buffer.from(text), cut);

describe('the text of a card', () => {
  it.each([
    ['---\nlicense: mit\ntags:\n- x\n---\n\n# Title\n', '# Title\n'],
    ['---\r\nlicense: mit\r\n---\r\n# Title\r\n', '# Title\n'],
    ['\ufeff---\na: 1\n...\n# Title', '# Title'],
    ['# Title\n\n---\n\nMore\n---\n', '# Title\n\n---\n\nMore\n---\n'],
    ['---\nnever: ended\n', ''],
    ['', ''],
  ])('is without its front matter: %j', (text, markdown) => {
    expect(shown(text)).toEqual({ markdown, truncated: false });
  });

  it('holds nothing that a database or a page cannot have', () => {
    expect(shown('a\u0000b\u001bc\td').markdown).toBe('abc\td');
    expect(cardText(Buffer.from([0x61, 0xff, 0x62]), false).markdown).toBe('a\ufffdb');
  });

  it('ends at the end of a line when it is too long, also after long front matter', () => {
    const line = `${'é'.repeat(49)}\n`;
    const { markdown, truncated } = shown(`---\n${'x: y\n'.repeat(80_000)}---\n${line.repeat(5000)}`);
    expect(truncated).toBe(true);
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(256 * 1024);
    expect(markdown.endsWith(line)).toBe(true);
    expect(shown('x'.repeat(300_000)).markdown).toHaveLength(256 * 1024);
    expect(shown('short', true)).toEqual({ markdown: 'short', truncated: true });
  });
});

describe('pictures of a card', () => {
  it('are found as Markdown, as HTML and as references', () => {
    const text = `
![a](one.png) ![b]( <two words.png> "title") [link](page.html)
<p><img width="10" src="https://example.org/three.png?a=1&amp;b=2"/><IMG SRC='four.webp'></p>
![r][ref] ![with (parens)](five_(x).gif)
[ref]: https://example.org/six.jpg "title"
[other]: https://example.org/page.html`;
    expect(pictureSources(text)).toEqual([
      ...['one.png', 'two words.png', 'five_(x).gif'],
      ...['https://example.org/three.png?a=1&amp;b=2', 'https://example.org/three.png?a=1&b=2', 'four.webp'],
      'https://example.org/six.jpg',
    ]);
  });

  it('are no more than 64', () => {
    const text = Array.from({ length: 1000 }, (_, at) => `![](${at}.png)`).join('\n');
    expect(pictureSources(text)).toHaveLength(64);
  });

  it.each(['![', '![a](', '<img ', '<img src=', '[a]: ', '![a](x(', '[', '<'])(
    'cost little in a hostile text of %j',
    (part) => {
      const text = part.repeat(Math.floor((256 * 1024) / part.length));
      const started = performance.now();
      pictureSources(text);
      expect(performance.now() - started).toBeLessThan(2_000);
    },
  );
});
