import { Lexer, type Token } from 'marked';

/** A top-level piece of Markdown. Its `raw` never changes again once two more blocks have begun after it. */
export interface Block {
  type: string;
  raw: string;
  /** For a heading: its place in the outline of the text (1 is the top), never more than one deeper than before. */
  level: number;
}

/** The split of a text that is still growing: `settled` blocks cannot change whatever comes. */
export interface Split {
  text: string;
  blocks: readonly Block[];
  /** Link definitions (`[1]: https://…`), which hold for the whole text. */
  definitions: string;
}

export const emptySplit: Split = { text: '', blocks: [], definitions: '' };

/**
 * Splits Markdown into top-level blocks. When `previous` was made of a beginning of this text, only its end is read
 * again: the last two blocks, for in `1. a⏎⏎2` the paragraph `2` becomes part of the list before it with the next dot.
 */
export function splitBlocks(text: string, previous: Split = emptySplit): Split {
  if (text === previous.text) return previous;
  const kept = text.startsWith(previous.text) ? previous.blocks.slice(0, settledCount(previous.blocks)) : [];
  const offset = kept.reduce((length, block) => length + block.raw.length, 0);
  const outline = new Outline(kept);
  const blocks = [...kept];
  for (const token of lex(text.slice(offset))) {
    blocks.push({
      type: token.type,
      raw: token.raw,
      level: token.type === 'heading' ? outline.levelOf((token as { depth: number }).depth) : 0,
    });
  }
  const definitions = blocks
    .filter((block) => block.type === 'def')
    .map((block) => block.raw.trim())
    .join('\n');
  return { text, blocks, definitions };
}

/**
 * How many of the blocks stay as they are whatever is appended: all before the last two, back to an empty line,
 * because without one a block may still turn out to be the end of the block before it.
 */
function settledCount(blocks: readonly Block[]): number {
  let open = 0;
  for (let i = blocks.length - 1; i > 0; i -= 1) {
    if (blocks[i]!.type !== 'space') open += 1;
    if (open >= 2 && blocks[i]!.type !== 'space' && /\n *\n$/.test(blocks[i - 1]!.raw)) return i;
  }
  return 0;
}

/** marked replaces line ends and tabs before it reads; here `raw` must add up to the text, so that is done before. */
export const normalize = (text: string): string => text.replace(/\r\n?/g, '\n');

const lex = (text: string): Token[] => new Lexer({ gfm: true }).blockTokens(text, []);

/** Turns heading depths as models use them (`###` first, or `#` then `####`) into an outline without gaps. */
class Outline {
  private readonly open: number[] = [];

  constructor(blocks: readonly Block[]) {
    for (const block of blocks) if (block.type === 'heading') this.levelOf(depthOf(block.raw));
  }

  levelOf(depth: number): number {
    while (this.open.length > 0 && this.open.at(-1)! >= depth) this.open.pop();
    this.open.push(depth);
    return this.open.length;
  }
}

/** `## Title` is 2; a title underlined with `=` is 1, with `-` 2. */
function depthOf(raw: string): number {
  const hashes = /^ {0,3}(#{1,6})/.exec(raw);
  if (hashes) return hashes[1]!.length;
  return /\n *=+ *\n*$/.test(raw) ? 1 : 2;
}
