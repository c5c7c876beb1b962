import { commitmentOf, pointerOf } from './chain.js';

/** Commitments of the texts that were taken out of an event, by their JSON pointer (RFC 6901) in its data. */
export type Erased = Record<string, string>;

/** Says in the chain which streams were erased; without it an erased event is a breach. */
export const STREAMS_ERASED = 'platform.streams.erased.v1';

/**
 * The data without the texts in fields of these names, at any depth, and what stands for them in the chain. A shape that
 * wants a text still finds one, which is empty.
 */
export function erase(
  data: Record<string, unknown>,
  fields: ReadonlySet<string>,
): { data: Record<string, unknown>; erased: Erased } {
  const erased: Erased = {};
  const visit = (value: unknown, path: string, content: boolean): unknown => {
    if (typeof value === 'string' && content) {
      erased[path] = commitmentOf(value);
      return '';
    }
    if (Array.isArray(value)) return value.map((item, index) => visit(item, `${path}/${index}`, content));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        visit(inner, `${path}/${pointerOf(key)}`, content || fields.has(key)),
      ]),
    );
  };
  return { data: visit(data, '', false) as Record<string, unknown>, erased };
}

/** The data with `{"$hidden": "<commitment>"}` in the place of what was erased, as in exports. */
export function showErased(data: unknown, erased: Erased | null | undefined): unknown {
  if (!erased) return data;
  const visit = (value: unknown, path: string): unknown => {
    const commitment = value === '' ? erased[path] : undefined;
    if (commitment !== undefined) return { $hidden: commitment };
    if (Array.isArray(value)) return value.map((item, index) => visit(item, `${path}/${index}`));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, visit(inner, `${path}/${pointerOf(key)}`)]),
    );
  };
  return visit(data, '');
}
