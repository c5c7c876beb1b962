import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import type { LogEntry } from './generation-chunks.js';

/** Readers of a running answer hold the end of its log in memory; by now they are gone. */
const AFTER_MINUTES = 10;
const BATCH = 50;

/** Logs of answers that ended some time ago: one row each instead of one for every moment of it. */
@Injectable()
export class CompactedLogs {
  constructor(private readonly db: Database) {}

  /** Puts together what is due, a batch at a time; any number of processes may do so at once. Resolves to how many. */
  async compact(afterMinutes = AFTER_MINUTES): Promise<number> {
    for (let all = 0; ;) {
      const done = await this.#batch(afterMinutes);
      all += done;
      if (done < BATCH) return all;
    }
  }

  /** What a reader lacks, up to `through`, as at most two entries: the restart, and the text behind it. */
  async read(generationId: string, after: number, through: number): Promise<LogEntry[]> {
    const [row] = await this.db.query<{ first: number; restart: string | null; last: number; text: string }>(
      `SELECT first, restart, last,
              substr(text, begins + 1, greatest(coalesce(ends[last - first + 1], 0) - begins, 0)) AS text
       FROM (
         SELECT *, least($3::int, first + cardinality(ends) - 1) AS last,
                CASE WHEN $2::int < first THEN 0 ELSE ends[$2::int - first + 1] END AS begins
         FROM inference.compacted_logs WHERE generation_id = $1
       ) AS log
       WHERE last > $2::int AND last >= first`,
      [generationId, after, through],
    );
    if (!row) return [];
    const { first, restart, last, text } = row;
    const entries: LogEntry[] = [];
    if (restart !== null && after < first)
      entries.push({ sequence: first, kind: 'restart', text: restart, tokenIds: [] });
    if (text !== '' || entries.length === 0) entries.push({ sequence: last, kind: 'token', text, tokenIds: [] });
    return entries;
  }

  async #batch(afterMinutes: number): Promise<number> {
    const rows = await this.db.query(
      `WITH due AS (
         SELECT id FROM inference.generations
         WHERE finished_at <= now() - $1 * interval '1 minute' AND NOT compacted
         ORDER BY finished_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
       ), entries AS (
         SELECT c.generation_id, c.sequence, c.kind, c.text,
                max(c.sequence) FILTER (WHERE c.kind = 'restart') OVER (PARTITION BY c.generation_id) AS restarted
         FROM inference.generation_chunks c JOIN due ON due.id = c.generation_id
       ), kept AS (
         SELECT generation_id, sequence, kind, text,
                sum(CASE kind WHEN 'token' THEN length(text) ELSE 0 END)
                  OVER (PARTITION BY generation_id ORDER BY sequence) AS ends
         FROM entries WHERE restarted IS NULL OR sequence >= restarted
       ), logs AS (
         INSERT INTO inference.compacted_logs (generation_id, first, restart, text, ends)
         SELECT generation_id, min(sequence), max(text) FILTER (WHERE kind = 'restart'),
                coalesce(string_agg(text, '' ORDER BY sequence) FILTER (WHERE kind = 'token'), ''),
                array_agg(ends::int ORDER BY sequence)
         FROM kept GROUP BY generation_id
       ), gone AS (
         DELETE FROM inference.generation_chunks c USING due WHERE c.generation_id = due.id
       )
       UPDATE inference.generations g SET compacted = true FROM due WHERE g.id = due.id RETURNING g.id`,
      [afterMinutes],
    );
    return rows.length;
  }
}
