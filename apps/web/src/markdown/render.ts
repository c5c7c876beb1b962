import DOMPurify, { type Config } from 'dompurify';
import { Marked, type Tokens } from 'marked';

/** Colours code, once the highlighter has been loaded; null when it does not know the language. */
export type Highlight = (code: string, language: string) => string | null;

export interface RenderOptions {
  /** The level of a heading in this block's outline, from 1. */
  level: number;
  highlight: Highlight | null;
  /**
   * Given for a page that a stranger wrote: its HTML is cleaned and not shown as text, and pictures are those that these
   * addresses of it stand for; there are no others.
   */
  pictures?: Pictures | undefined;
}

/** Addresses as the text has them, and `blob:` addresses of this page in their place. */
export type Pictures = ReadonlyMap<string, string>;

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => escapes[char]!);

/** Longer code is shown plain: colouring it again with each token would make the page stutter. */
const LONGEST_HIGHLIGHT = 20_000;

/** Tags that models use where Markdown has none; without attributes. Any other tag is shown as the text it is. */
const PLAIN_TAG = /^<\/?(?:br|sub|sup|kbd|mark|u|s|small)\s*\/?>$/i;

const COPY_ICON =
  '<svg viewBox="0 0 24 24" aria-hidden="true"><rect x="9" y="9" width="11" height="11" rx="2"></rect><path d="M5 15H4.5A1.5 1.5 0 0 1 3 13.5v-9A1.5 1.5 0 0 1 4.5 3h9A1.5 1.5 0 0 1 15 4.5V5"></path></svg>';

let options: RenderOptions = { level: 1, highlight: null };

const marked = new Marked({
  gfm: true,
  async: false,
  renderer: {
    code({ text, lang }: Tokens.Code): string {
      const language = (lang ?? '')
        .trim()
        .split(/[\s,{]/)[0]!
        .toLowerCase();
      const coloured =
        language && text.length <= LONGEST_HIGHLIGHT ? (options.highlight?.(text, language) ?? null) : null;
      // A keyboard must be able to scroll it, hence the tabindex; the copy button is handled by the article around it.
      return (
        `<div class="code"><div class="code-head"><span class="code-language">${escapeHtml(language || 'text')}</span>` +
        `<button type="button" class="code-copy">${COPY_ICON}<span>Copy</span></button></div>` +
        `<pre tabindex="0"><code>${coloured ?? escapeHtml(text)}\n</code></pre></div>`
      );
    },
    table(token: Tokens.Table): string {
      const cells = (row: Tokens.TableCell[], tag: 'th' | 'td') =>
        row
          .map((cell) => {
            const align = cell.align ? ` align="${cell.align}"` : '';
            const filled = tag === 'th' && cell.tokens.length > 0 ? 'th' : 'td';
            return `<${filled}${align}>${this.parser.parseInline(cell.tokens)}</${filled}>`;
          })
          .join('');
      const body = token.rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('');
      return (
        `<div class="table" tabindex="0" role="group" aria-label="Table"><table><thead><tr>${cells(token.header, 'th')}` +
        `</tr></thead><tbody>${body}</tbody></table></div>`
      );
    },
    heading({ tokens }: Tokens.Heading): string {
      // Each message has an h2 of its own.
      const tag = `h${Math.min(6, options.level + 2)}`;
      return `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`;
    },
    link({ href, tokens }: Tokens.Link): string {
      const text = this.parser.parseInline(tokens);
      if (!/^(?:https?:|mailto:)/i.test(href)) return text;
      return `<a href="${escapeHtml(href)}" target="_blank" rel="noopener noreferrer nofollow">${text}</a>`;
    },
    // A picture from elsewhere would tell that server who reads what (and the content policy refuses it): a link instead.
    image({ href, text }: Tokens.Image): string {
      if (options.pictures) return `<img src="${escapeHtml(href)}" alt="${escapeHtml(text)}">`;
      if (!/^https?:/i.test(href)) return escapeHtml(text);
      return `<a href="${escapeHtml(href)}" target="_blank" rel="noopener noreferrer nofollow">${escapeHtml(text || 'image')}</a>`;
    },
    checkbox({ checked }: Tokens.Checkbox): string {
      return `<span class="task" role="img" aria-label="${checked ? 'done' : 'to do'}">${checked ? '☑' : '☐'}</span> `;
    },
    html({ text, block }: Tokens.HTML | Tokens.Tag): string {
      if (options.pictures) return text;
      if (PLAIN_TAG.test(text.trim())) return text;
      return block ? `<p>${escapeHtml(text.trimEnd())}</p>` : escapeHtml(text);
    },
  },
});

const PLAIN_ATTRIBUTES =
  'target rel class tabindex role aria-label aria-hidden align start type viewBox d x y width height rx'.split(' ');

const PURIFY: Config = {
  ALLOWED_TAGS:
    'p br hr h3 h4 h5 h6 ul ol li blockquote pre code div span table thead tbody tr th td a strong em del s u sub sup kbd mark small button svg rect path'.split(
      ' ',
    ),
  ALLOWED_ATTR: ['href', ...PLAIN_ATTRIBUTES],
  // All but href hold no address, and would not pass as one.
  ADD_URI_SAFE_ATTR: PLAIN_ATTRIBUTES,
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
};

/** One block of Markdown as HTML that is safe to put into the page, whatever a model wrote. */
export function renderBlock(raw: string, definitions: string, renderOptions: RenderOptions): string {
  options = renderOptions;
  const source = definitions ? `${raw}\n\n${definitions}` : raw;
  const html = marked.parse(source) as string;
  return options.pictures ? cleanPage(html, options.pictures) : DOMPurify.sanitize(html, PURIFY);
}

const PAGE: Config = {
  ...PURIFY,
  ALLOWED_TAGS: [...(PURIFY.ALLOWED_TAGS as string[]), 'img', 'details', 'summary', 'dl', 'dt', 'dd'],
  ALLOWED_ATTR: ['src', 'alt', 'open', ...(PURIFY.ALLOWED_ATTR as string[])],
  // Relative ones, too: nothing is asked for before it was replaced below.
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
};

/** Nothing of the fragment is asked for or run: it belongs to no window. */
function cleanPage(html: string, pictures: Pictures): string {
  const page = document.createElement('template');
  page.content.append(DOMPurify.sanitize(html, { ...PAGE, RETURN_DOM_FRAGMENT: true }));
  for (const image of page.content.querySelectorAll('img')) {
    const url = pictures.get(image.getAttribute('src') ?? '');
    if (url) image.setAttribute('src', url);
    else image.replaceWith(image.alt);
  }
  for (const link of page.content.querySelectorAll('a')) {
    const named = link.textContent.trim() !== '' || link.querySelector('img[alt]:not([alt=""])');
    if (!named || !/^(?:https?:|mailto:)/i.test(link.getAttribute('href') ?? '')) link.replaceWith(...link.childNodes);
    else for (const [name, value] of AWAY) link.setAttribute(name, value);
  }
  return page.innerHTML;
}

const AWAY = Object.entries({ target: '_blank', rel: 'noopener noreferrer nofollow' });
