/** Fields of events that hold what people and models wrote, at any depth. */
const CONTENT = new Set(['text', 'title', 'content', 'prompt', 'messages']);

/**
 * The facts of an event without its content: an audit shows who did what and when, not what people talk about. Content
 * becomes its length.
 */
export function withoutContent(data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, CONTENT.has(key) ? lengthOf(value) : inner(value)]),
  );
}

function inner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inner);
  return typeof value === 'object' && value !== null ? withoutContent(value as Record<string, unknown>) : value;
}

function lengthOf(value: unknown): unknown {
  if (typeof value === 'string') return { characters: value.length };
  return Array.isArray(value) ? { items: value.length } : value === null ? null : { hidden: true };
}
