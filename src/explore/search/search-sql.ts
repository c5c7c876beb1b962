import type { Room } from '../fit/entry-fits.js';

/** Matches that are ranked and counted; of more, the order of an index gives the page. */
export const MOST_RANKED = 1000;

export interface Found {
  /** What must match, as a tsquery; null: anything. */
  words: string | null;
  /** Whole words of the search, as a tsquery; null: none. */
  name: string | null;
  tags: readonly string[];
  /** Only those that are installed, or only the others. */
  installed: { is: boolean; ids: readonly string[]; digests: readonly string[] } | null;
  /** Only models that need no more; `here`: their file needs no room. */
  fits: { room: Room; here: { ids: readonly string[]; digests: readonly string[] } } | null;
  userId: string | null;
  role: string | null;
}

interface Order {
  key: string;
  type: string;
  direction: 'ASC' | 'DESC';
  /** How its keys are written in a cursor. */
  written: RegExp;
}

const uses: Order = { key: 'e.uses', type: 'bigint', direction: 'DESC', written: /^\d{1,18}$/ };
export const orders: Record<'relevance' | 'uses' | 'rating' | 'newest' | 'name' | 'size', Order> = {
  relevance: uses,
  uses,
  rating: { key: 'e.rating', type: 'float8', direction: 'DESC', written: /^[0-5](\.\d{1,17})?$/ },
  newest: { key: 'e.added_at', type: 'timestamptz', direction: 'DESC', written: /^\d{4}-[\d :.+-]{1,30}$/ },
  name: { key: 'e.sort_name', type: 'text', direction: 'ASC', written: /^[^\0]*$/ },
  size: {
    key: 'coalesce(e.size_bytes, 9223372036854775807)',
    type: 'bigint',
    direction: 'ASC',
    written: /^\d{1,19}$/,
  },
};

export interface Statement {
  text: string;
  values: unknown[];
}

/** The values of a statement: texts differ only by what is asked, never by values, so that they stay prepared. */
class Values {
  readonly values: unknown[] = [];
  add(value: unknown, type: string): string {
    return `$${this.values.push(value)}::${type}`;
  }
}

/** @param byIndex false: the order of the page decides how rows are read, and each is tried as it comes */
function conditions(statement: Values, found: Found, byIndex: boolean): string {
  const tried = (condition: string) => (byIndex ? condition : `(${condition}) IS TRUE`);
  const { words, tags, installed, fits, userId, role } = found;
  const all = [
    `(e.visibility = 'public' OR e.owner_id = ${statement.add(userId, 'uuid')}
      OR (e.visibility = 'group' AND e.visible_to = ${statement.add(role, 'text')}))`,
  ];
  if (words) all.push(tried(`e.words @@ ${statement.add(words, 'tsquery')}`));
  if (tags.length > 0) all.push(tried(`e.tags @> ${statement.add(tags, 'text[]')}`));
  if (installed) {
    const here = isOf(statement, installed);
    all.push(installed.is ? here : `${here} IS NOT TRUE`);
  }
  if (fits) {
    const { memoryBytes, fileBytes, tokens, sequences } = fits.room;
    const have = statement.add(memoryBytes, 'bigint');
    const context = `least(${statement.add(tokens, 'bigint')}, e.trained_tokens) * ${statement.add(sequences, 'bigint')}`;
    // The first comparison lets the index leave out what is far too large.
    all.push(
      `${tried(`e.fixed_bytes <= ${have}`)} AND e.fixed_bytes + e.token_bytes * ${context} <= ${have}
      AND (e.file_bytes <= ${statement.add(fileBytes, 'bigint')} OR ${isOf(statement, fits.here)})`,
    );
  }
  return all.join('\n AND ');
}

const isOf = (statement: Values, { ids, digests }: { ids: readonly string[]; digests: readonly string[] }): string =>
  `(e.id = ANY (${statement.add(ids, 'text[]')}) OR e.digest = ANY (${statement.add(digests, 'text[]')}))`;

/** How many match, up to the most that are ranked, and how often each tag occurs among them: one row. */
export function countStatement(found: Found): Statement {
  const statement = new Values();
  const where = conditions(statement, found, true);
  return {
    values: statement.values,
    text: `WITH matches AS MATERIALIZED (
      SELECT e.tags FROM explore.catalogue_entries e WHERE ${where} LIMIT ${MOST_RANKED}
    )
    SELECT (SELECT count(*)::int FROM matches) AS total,
      (SELECT coalesce(json_agg(json_build_array(tag, count) ORDER BY count DESC, tag), '[]')
       FROM (SELECT tag, count(*)::int FROM matches, unnest(tags) tag GROUP BY tag) counted) AS tags`,
  };
}

export interface PageOf {
  sort: keyof typeof orders;
  ranked: boolean;
  after: readonly string[] | null;
  limit: number;
}

/** One page of ids in their order, with the keys of each row as text. */
export function pageStatement(found: Found, { sort, ranked, after, limit }: PageOf): Statement {
  const statement = new Values();
  const { key, type, direction } = orders[sort];
  const where = conditions(statement, found, ranked);
  if (!ranked) {
    const beyond = after && rowBeyond(statement, key, type, direction, after);
    return {
      values: statement.values,
      text: `SELECT e.id, ${key}::text AS key, NULL::text AS rank FROM explore.catalogue_entries e
        WHERE ${where}${beyond ? ` AND ${beyond}` : ''}
        ORDER BY ${key} ${direction}, e.id LIMIT ${statement.add(limit, 'int')}`,
    };
  }
  const rank =
    sort === 'relevance' && found.name && found.words
      ? `CASE WHEN e.name_words @@ ${statement.add(found.name, 'tsquery')} THEN 2
              WHEN e.name_words @@ ${statement.add(found.words, 'tsquery')} THEN 1 ELSE 0 END`
      : '0';
  // Materialised, so that the matches are found by their words and not by walking along the order.
  const beyond =
    after &&
    `(m.rank < ${statement.add(after[0], 'int')} OR (m.rank = ${statement.add(after[0], 'int')} AND
      ${rowBeyond(statement, 'm.key', type, direction, after.slice(1), 'm.id')}))`;
  return {
    values: statement.values,
    text: `WITH m AS MATERIALIZED (
        SELECT e.id, ${key} AS key, ${rank} AS rank FROM explore.catalogue_entries e WHERE ${where}
      )
      SELECT m.id, m.key::text AS key, m.rank::text AS rank FROM m ${beyond ? `WHERE ${beyond}` : ''}
      ORDER BY m.rank DESC, m.key ${direction}, m.id LIMIT ${statement.add(limit, 'int')}`,
  };
}

function rowBeyond(
  statement: Values,
  key: string,
  type: string,
  direction: 'ASC' | 'DESC',
  [value, id]: readonly string[],
  idColumn = 'e.id',
): string {
  const at = statement.add(value, type);
  const sign = direction === 'DESC' ? '<' : '>';
  // The first comparison lets the index begin at the right place.
  return `${key} ${sign}= ${at} AND (${key} ${sign} ${at} OR ${idColumn} > ${statement.add(id, 'text')})`;
}
