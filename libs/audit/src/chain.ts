import { createHash } from 'node:crypto';

/** A row of `platform.events` as the chain sees it. */
export interface AuditedEvent {
  /** A 64-bit number as text. */
  position: string;
  id: string;
  stream: string;
  version: number;
  type: string;
  /** ISO 8601 in UTC with six decimals: all that the database knows. */
  occurredAt: string;
  metadata: unknown;
  data: unknown;
  /** Commitments of texts that were erased, by JSON pointer in `data`; see erasure.ts. Absent in exports. */
  erased?: Record<string, string> | null;
}

/** An event with its seal. One without the other is a breach. */
export interface Link {
  position: string;
  event: AuditedEvent | null;
  seal: string | null;
}

/** What the first event is chained to. */
export const GENESIS = sha256('parley.audit.v1');

/**
 * The seal of an event: SHA-256 over the seal before it and the canonical JSON of the event, in hex. Each text in `data`
 * counts as its commitment (length and SHA-256), so an export may hide what people wrote behind that and stay verifiable.
 *
 * @param hidden whether `{"$hidden": "<commitment>"}` stands for a text, as in exports; never for rows of the database
 */
export function sealOf(previous: string, { data, erased, ...event }: AuditedEvent, hidden = false): string {
  return sha256(`${previous}\n${canonicalJson({ ...event, data: committed(data, hidden, erased ?? {}) })}`);
}

/** Length in UTF-16 units and SHA-256 of a text: says nothing of it, and no other text has it. */
export const commitmentOf = (text: string): string => `${text.length}:${sha256(text)}`;

/** What stands in an export where a text stood. */
export const hide = (text: string): { $hidden: string } => ({ $hidden: commitmentOf(text) });

/** JSON with the keys of each object in order and no blank: equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function committed(value: unknown, hidden: boolean, erased: Record<string, string>, path = ''): unknown {
  if (typeof value === 'string') return (value === '' && erased[path]) || commitmentOf(value);
  if (Array.isArray(value)) return value.map((item, index) => committed(item, hidden, erased, `${path}/${index}`));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (hidden && entries.length === 1 && only?.[0] === '$hidden' && isCommitment(only[1])) return only[1];
  const inner = entries.map(
    ([key, part]) => [key, committed(part, hidden, erased, `${path}/${pointerOf(key)}`)] as const,
  );
  return Object.fromEntries(inner);
}

/** A key as a step of a JSON pointer (RFC 6901). */
export const pointerOf = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const isCommitment = (value: unknown): value is string => typeof value === 'string' && /^\d+:[0-9a-f]{64}$/.test(value);

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
