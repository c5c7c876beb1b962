/** Text and the tokens that it came from. */
export interface Chunk {
  text: string;
  tokenIds: number[];
}

/** More tokens than any character has bytes: what is still broken then was meant so. */
const maxCharacterTokens = 8;
const recentTokens = 4;

/**
 * Makes readable chunks of single tokens: a chunk holds whole characters, and no part of a stop text is ever in one.
 *
 * @param detokenize the text of tokens that follow `recent` ones
 * @param recent tokens of the answer that were reported before
 */
export class AnswerText {
  /** A stop text was found: the answer has ended. */
  stopped = false;
  readonly #detokenize: (tokens: number[], recent: number[]) => string;
  readonly #stop: string[];
  #recent: number[];
  /** Tokens whose bytes are not whole characters yet. */
  #broken: number[] = [];
  /** Chunks that may be the beginning of a stop text. */
  #held: Chunk[] = [];

  constructor(detokenize: (tokens: number[], recent: number[]) => string, stop: string[], recent: readonly number[]) {
    this.#detokenize = detokenize;
    this.#stop = stop.filter((text) => text !== '');
    this.#recent = recent.slice(-recentTokens);
  }

  /** What may be shown now that this token is known. */
  push(token: number): Chunk | null {
    this.#broken.push(token);
    const text = this.#detokenize(this.#broken, this.#recent);
    if (text.endsWith('\uFFFD') && this.#broken.length < maxCharacterTokens) return null;
    const chunk = { text, tokenIds: this.#broken };
    this.#recent = [...this.#recent, ...this.#broken].slice(-recentTokens);
    this.#broken = [];
    if (this.#stop.length === 0) return chunk;
    this.#held.push(chunk);
    return this.#release();
  }

  /** The answer has ended otherwise: what was held back was no stop text. An unfinished character is dropped. */
  end(): Chunk | null {
    return this.#take(this.#held.length);
  }

  #release(): Chunk | null {
    const text = this.#held.map((chunk) => chunk.text).join('');
    const found = this.#stop.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
    if (found.length > 0) {
      this.stopped = true;
      return this.#cut(Math.min(...found));
    }
    const safe = text.length - Math.max(...this.#stop.map((stop) => sharedEnd(text, stop)));
    let length = 0;
    const whole = this.#held.findIndex((chunk) => (length += chunk.text.length) > safe);
    return this.#take(whole < 0 ? this.#held.length : whole);
  }

  /** Everything before a stop text; the token that is cut in two is reported without its id. */
  #cut(end: number): Chunk | null {
    const cut: Chunk = { text: '', tokenIds: [] };
    for (const chunk of this.#held) {
      if (cut.text.length + chunk.text.length > end) {
        cut.text += chunk.text.slice(0, end - cut.text.length);
        break;
      }
      cut.text += chunk.text;
      cut.tokenIds.push(...chunk.tokenIds);
    }
    this.#held = [];
    return cut.text === '' ? null : cut;
  }

  #take(count: number): Chunk | null {
    if (count === 0) return null;
    const taken = this.#held.splice(0, count);
    return { text: taken.map(({ text }) => text).join(''), tokenIds: taken.flatMap(({ tokenIds }) => tokenIds) };
  }
}

/** How many characters at the end of `text` are a beginning of `stop`. */
function sharedEnd(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (stop.startsWith(text.slice(-length))) return length;
  return 0;
}
