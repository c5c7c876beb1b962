/** Longer words are cut: nobody tells them apart by their end. */
const MOST_LETTERS = 40;
/** Slips are looked for in so many first letters of a word; what comes after is compared, not looked up. */
const SLIP_LETTERS = 8;

/** The words of a text as they are stored and searched: lower case, without accents, letters and digits only. */
export function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  return [...new Set(plain.match(/[\p{L}\p{N}]+/gu) ?? [])].map((word) => [...word].slice(0, MOST_LETTERS).join(''));
}

/** How many slips a word forgives: none when it is so short that each would make another word. */
export const forgiven = (word: string): number => (word.length < 4 ? 0 : word.length < 8 ? 1 : 2);

/** The beginning of a word with up to as many letters left out as it forgives. */
export function slipsOf(word: string): string[] {
  const found = new Set([word.slice(0, SLIP_LETTERS)]);
  let last = [...found];
  for (let round = 0; round < forgiven(word); round++) {
    last = last.flatMap((text) => [...text].map((_, at) => text.slice(0, at) + text.slice(at + 1)));
    last.forEach((text) => found.add(text));
  }
  return [...found];
}

/** Slips between two words: letters wrong, missing, too many, or two swapped. */
export function slipsBetween(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}

/** The words that someone may have meant, nearest first; `typed` may be the beginning of one. */
export function nearest(typed: string, words: readonly string[], most = 8): string[] {
  const distance = (word: string) =>
    Math.min(slipsBetween(typed, word), slipsBetween(typed, word.slice(0, typed.length)) + 0.5);
  return words
    .map((word) => ({ word, far: distance(word) }))
    .filter(({ far }) => far <= forgiven(typed) + 0.5)
    .sort((a, b) => a.far - b.far || a.word.length - b.word.length || (a.word < b.word ? -1 : 1))
    .slice(0, most)
    .map(({ word }) => word);
}

/** A lexeme in a tsquery: nothing in it is an operator. */
const quoted = (word: string) => `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** All groups must match, each by one of its words as a beginning; null when there is nothing to look for. */
export const tsqueryOf = (groups: readonly (readonly string[])[]): string | null =>
  groups.length === 0 ? null : groups.map((group) => `(${group.map((w) => `${quoted(w)}:*`).join(' | ')})`).join(' & ');

/** Words of a search that count; more make it slower and nothing better. */
export const MOST_WORDS = 8;
