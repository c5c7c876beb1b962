import type { AuditFilter } from '../contracts/index.js';

export interface AuditRow {
  position: string;
  id: string;
  stream: string;
  version: number;
  type: string;
  data: Record<string, unknown>;
  metadata: { actor?: { userId: string; role: string }; source?: string; correlationid?: string };
}

/**
 * SQL: the events `e` that pass the filter, whose parameters are `$1` to `$6`. Ids are looked for in the fields that hold
 * ids alone, so that nobody can find out what was written by searching for it.
 */
export const passes = `
  ($1::text IS NULL OR starts_with(e.type, $1))
  AND ($2::text IS NULL OR coalesce(e.metadata->'actor'->>'userId', 'system') = $2)
  AND ($3::text IS NULL OR e.stream = $3)
  AND ($4::timestamptz IS NULL OR e.occurred_at >= $4)
  AND ($5::timestamptz IS NULL OR e.occurred_at < $5)
  AND ($6::text IS NULL OR e.id::text = $6 OR strpos(e.stream, $6) > 0
       OR e.metadata->>'correlationid' = $6 OR e.metadata->>'causationid' = $6
       OR EXISTS (SELECT 1 FROM jsonb_each_text(e.data) AS field WHERE field.key ~ '(^id|Id)$' AND field.value = $6))`;

export const filterValues = ({ type, actor, stream, from, to, id }: AuditFilter): (string | null)[] =>
  [type, actor, stream, from, to, id].map((value) => value ?? null);

export const isUnfiltered = (filter: AuditFilter): boolean => filterValues(filter).every((value) => value === null);
