/** Fields of events that hold what people and models wrote, at any depth. */
const CONTENT = new Set(['text', 'title', 'content', 'prompt', 'messages']);

/**
 * The facts of an event without its content: an audit shows who did what and when, not what people talk about. Content
 * becomes its length.
 */
export const withoutContent = (data: Record<string, unknown>): Record<string, unknown> => mask(data, lengthOf);

/** The same with each text of the content behind what `hide` makes of it, and nothing else changed. */
export const withHiddenContent = (
  data: Record<string, unknown>,
  hide: (text: string) => unknown,
): Record<string, unknown> => mask(data, (value) => eachText(value, hide));

function mask(data: Record<string, unknown>, hidden: (value: unknown) => unknown): Record<string, unknown> {
  const inner = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inner);
    return typeof value === 'object' && value !== null ? mask(value as Record<string, unknown>, hidden) : value;
  };
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, CONTENT.has(key) ? hidden(value) : inner(value)]),
  );
}

function lengthOf(value: unknown): unknown {
  if (typeof value === 'string') return { characters: value.length };
  return Array.isArray(value) ? { items: value.length } : value === null ? null : { hidden: true };
}

function eachText(value: unknown, hide: (text: string) => unknown): unknown {
  if (typeof value === 'string') return hide(value);
  if (Array.isArray(value)) return value.map((item) => eachText(item, hide));
  if (typeof value !== 'object' || value === null) return value;
  // An erased text: what stands for it is all there is.
  if ('$hidden' in value && Object.keys(value).length === 1) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, eachText(inner, hide)]));
}
