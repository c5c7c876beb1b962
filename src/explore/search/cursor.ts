import { createHash } from 'node:crypto';
import { z } from 'zod';
import { badCursor } from '../domain/errors.js';

/** Where the next page begins: the keys of the last row, and of which search it is. */
const Cursor = z.object({
  /** Digest of the search. */
  s: z.string().max(20),
  /** Ranked by words, or in the order of an index because so much matches. */
  r: z.boolean(),
  k: z.array(z.string().max(300)).min(2).max(3),
  /** Matches, as the first page said. */
  n: z.int(),
});
export type Cursor = z.infer<typeof Cursor>;

export const searchMark = (search: unknown): string =>
  createHash('sha256').update(JSON.stringify(search)).digest('base64url').slice(0, 12);

export const writeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** @param key how the key of the order is written */
export function readCursor(text: string, mark: string, key: RegExp): Cursor {
  const { data: cursor } = Cursor.safeParse(jsonOf(Buffer.from(text, 'base64url').toString()));
  const keys = cursor?.r ? cursor.k.slice(1) : cursor?.k;
  const wellFormed = keys?.length === 2 && key.test(keys[0]!) && (!cursor?.r || /^[0-3]$/.test(cursor.k[0]!));
  if (!cursor || cursor.s !== mark || !wellFormed) throw badCursor();
  return cursor;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
