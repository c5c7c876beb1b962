import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import { forgiven, MOST_WORDS, nearest, slipsOf, tsqueryOf, wordsOf } from './words.js';

/** Words that share a look-up form with a mistyped one; more are not compared. */
const MOST_CANDIDATES = 200;

export interface ReadQuery {
  /** All words as beginnings, mistyped ones by what was meant; null: nothing is looked for. */
  words: string | null;
  /** All words whole; null: nothing is looked for. */
  name: string | null;
  corrected: { typed: string; meant: string[] }[];
}

/** Reads what was typed. For a word that no public entry has, the nearest ones that some have count, too. */
@Injectable()
export class QueryWords {
  constructor(private readonly db: Database) {}

  async read(text: string): Promise<ReadQuery> {
    const typed = wordsOf(text).slice(0, MOST_WORDS);
    if (typed.length === 0) return { words: null, name: null, corrected: [] };
    const unknown = await this.unknown(typed);
    const corrected = await Promise.all(
      unknown.map(async (word) => ({ typed: word, meant: nearest(word, await this.candidates(word)) })),
    );
    const meant = new Map(corrected.filter((c) => c.meant.length > 0).map((c) => [c.typed, c.meant]));
    const groups = typed.map((word) => [word, ...(meant.get(word) ?? [])]);
    return {
      words: tsqueryOf(groups),
      name: tsqueryOf(groups)?.replaceAll(':*', '') ?? null,
      corrected: corrected.filter((c) => c.meant.length > 0),
    };
  }

  /** Those that no word of the catalogue begins with. */
  private async unknown(typed: readonly string[]): Promise<string[]> {
    const rows = await this.db.query<{ word: string }>(
      `SELECT t.word FROM unnest($1::text[]) AS t(word)
       WHERE NOT EXISTS (SELECT FROM explore.catalogue_words w
         WHERE w.word >= t.word COLLATE "C" AND w.word < (t.word || U&'\\+10FFFF') COLLATE "C")`,
      [typed],
    );
    return rows.map(({ word }) => word);
  }

  private async candidates(word: string): Promise<string[]> {
    if (forgiven(word) === 0) return [];
    const rows = await this.db.query<{ word: string }>(
      `SELECT word FROM explore.catalogue_words WHERE slips && $1::text[] LIMIT ${MOST_CANDIDATES}`,
      [slipsOf(word)],
    );
    return rows.map((row) => row.word);
  }
}
