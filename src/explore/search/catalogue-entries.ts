import { Injectable } from '@nestjs/common';
import type { MemoryFacts } from '@app/gguf';
import { Database } from '@app/persistence';
import type { Described } from '../fit/estimated-facts.js';
import { KeptHeaders } from '../fit/kept-headers.js';
import { allWordsOf, nameWordsOf, type NewEntry, tagsOf } from './new-entry.js';
import { entryMemory, memoryOf } from './entry-memory.js';
import { licenseName } from './license-name.js';
import { slipsOf } from './words.js';

/** Entries of one statement. */
const BATCH = 500;

/** The table of the catalogue. Ratings and uses of an entry outlive a new description of it. */
@Injectable()
export class CatalogueEntries {
  constructor(
    private readonly db: Database,
    private readonly headers: KeptHeaders,
  ) {}

  async put(entries: readonly NewEntry[]): Promise<void> {
    for (let at = 0; at < entries.length; at += BATCH) await this.putSome(entries.slice(at, at + BATCH));
  }

  /** Whether each of these is there, as whatever it was described. */
  async haveAll(ids: readonly string[]): Promise<boolean> {
    // Counted here: a start waits for it, and would compile the embedded database's way of counting first.
    const rows = await this.db.query(`SELECT FROM explore.catalogue_entries WHERE id = ANY ($1::text[])`, [ids]);
    return rows.length === new Set(ids).size;
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.db.query(`DELETE FROM explore.catalogue_entries WHERE id = ANY ($1::text[])`, [ids]);
  }

  /** Takes away what is no longer shipped. */
  async keepOnly(origin: NewEntry['origin'], ids: readonly string[]): Promise<void> {
    await this.db.query(`DELETE FROM explore.catalogue_entries WHERE origin = $1 AND NOT (id = ANY ($2::text[]))`, [
      origin,
      ids,
    ]);
  }

  /** Adds one use to each entry with one of these digests. */
  async used(digests: readonly (string | null)[]): Promise<void> {
    const known = digests.filter((digest) => digest !== null);
    if (known.length === 0) return;
    await this.db.write(`UPDATE explore.catalogue_entries SET uses = uses + 1 WHERE digest = ANY ($1::text[])`, [
      known,
    ]);
  }

  /** The header of a file was read: what was estimated of its entries is known now. */
  async measured(digest: string, facts: MemoryFacts): Promise<void> {
    await this.db.query(
      `UPDATE explore.catalogue_entries SET memory = m.memory, fixed_bytes = m.fixed_bytes,
         token_bytes = m.token_bytes, trained_tokens = m.trained_tokens
       FROM jsonb_to_record($2::jsonb) AS m(memory jsonb, fixed_bytes bigint, token_bytes bigint, trained_tokens bigint)
       WHERE digest = $1`,
      [digest, JSON.stringify(memoryOf(facts, true))],
    );
  }

  /** Estimates what entries need that were stored before that was done. */
  async measureOld(): Promise<void> {
    for (let after = ''; ;) {
      const rows = await this.db.query<OldRow>(
        `SELECT id, digest, parameters, quantization, context_length, size_bytes FROM explore.catalogue_entries
         WHERE id > $1 AND kind = 'model' AND memory IS NULL AND (size_bytes > 0 OR parameters > 0)
         ORDER BY id LIMIT ${BATCH}`,
        [after],
      );
      if (rows.length === 0) return;
      const headers = await this.headers.of(rows.flatMap(({ digest }) => digest ?? []));
      const measured = rows.map((row) => {
        const header = headers.get(row.digest ?? '')?.header ?? null;
        return { id: row.id, ...entryMemory({ ...describedBy(row), kind: 'model' }, header) };
      });
      await this.db.query(
        `UPDATE explore.catalogue_entries e SET memory = m.memory, file_bytes = m.file_bytes,
           fixed_bytes = m.fixed_bytes, token_bytes = m.token_bytes, trained_tokens = m.trained_tokens
         FROM jsonb_to_recordset($1::jsonb) AS m(id text, memory jsonb, file_bytes bigint, fixed_bytes bigint,
           token_bytes bigint, trained_tokens bigint)
         WHERE e.id = m.id`,
        [JSON.stringify(measured)],
      );
      after = rows.at(-1)!.id;
    }
  }

  private async putSome(entries: readonly NewEntry[]): Promise<void> {
    // Words of what not everybody may see are nobody's suggestion.
    const open = entries.filter(({ visibility = 'public' }) => visibility === 'public');
    const words = new Set(open.flatMap(allWordsOf));
    await this.db.query(
      `INSERT INTO explore.catalogue_words (word, slips)
       SELECT w.word, array(SELECT jsonb_array_elements_text(w.slips))
       FROM jsonb_to_recordset($1::jsonb) AS w(word text, slips jsonb)
       ORDER BY w.word ON CONFLICT DO NOTHING`,
      [JSON.stringify([...words].map((word) => ({ word, slips: slipsOf(word) })))],
    );
    const headers = await this.headers.of(entries.flatMap(({ digest }) => digest ?? []));
    const rows = entries.map((entry) => toRow(entry, headers.get(entry.digest ?? '')?.header ?? entry.header ?? null));
    await this.db.query(PUT, [JSON.stringify(rows)]);
  }
}

interface OldRow {
  id: string;
  digest: string | null;
  parameters: string | null;
  quantization: string | null;
  context_length: number | null;
  size_bytes: string | null;
}

const numberOf = (text: string | null) => (text === null ? null : Number(text));
const describedBy = ({ parameters, quantization, context_length, size_bytes }: OldRow): Described => ({
  ...{ parameters: numberOf(parameters), quantization, contextLength: context_length, sizeBytes: numberOf(size_bytes) },
});

const columns = [
  ...['id', 'kind', 'origin', 'name', 'sort_name', 'publisher', 'description', 'license', 'parameters'],
  ...['quantization', 'context_length', 'size_bytes', 'digest', 'base_model', 'base_digest', 'tags', 'places'],
  ...['owner_id', 'visibility', 'visible_to', 'words', 'name_words', 'added_at'],
  ...['memory', 'file_bytes', 'fixed_bytes', 'token_bytes', 'trained_tokens'],
];

const texts = (name: string) => `array(SELECT jsonb_array_elements_text(e.${name}))`;

const PUT = `
  INSERT INTO explore.catalogue_entries AS t (${columns.join(', ')})
  SELECT e.id, e.kind, e.origin, e.name, e.sort_name, e.publisher, e.description, e.license, e.parameters,
    e.quantization, e.context_length, e.size_bytes, e.digest, e.base_model, e.base_digest, ${texts('tags')}, e.places,
    e.owner_id, e.visibility, e.visible_to, array_to_tsvector(${texts('words')}),
    array_to_tsvector(${texts('name_words')}), e.added_at,
    e.memory, e.file_bytes, e.fixed_bytes, e.token_bytes, e.trained_tokens
  FROM jsonb_to_recordset($1::jsonb) AS e(
    id text, kind text, origin text, name text, sort_name text, publisher text, description text, license text,
    parameters bigint, quantization text, context_length integer, size_bytes bigint, digest text, base_model text,
    base_digest text, tags jsonb, places jsonb, owner_id uuid, visibility text, visible_to text, words jsonb,
    name_words jsonb, added_at timestamptz,
    memory jsonb, file_bytes bigint, fixed_bytes bigint, token_bytes bigint, trained_tokens bigint)
  ORDER BY e.id
  ON CONFLICT (id) DO UPDATE SET ${columns
    .filter((column) => column !== 'id' && column !== 'added_at')
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}`;

const toRow = (entry: NewEntry, header: MemoryFacts | null) => ({
  id: entry.id,
  kind: entry.kind,
  origin: entry.origin,
  name: entry.name,
  sort_name: nameWordsOf(entry).join(' ').slice(0, 200),
  publisher: entry.publisher,
  description: entry.description,
  license: licenseName(entry.license),
  parameters: entry.parameters,
  quantization: entry.quantization,
  context_length: entry.contextLength,
  size_bytes: entry.sizeBytes,
  digest: entry.digest,
  base_model: entry.baseModel,
  base_digest: entry.baseDigest,
  tags: tagsOf(entry),
  places: entry.places,
  owner_id: entry.ownerId ?? null,
  visibility: entry.visibility ?? 'public',
  visible_to: entry.visibleTo ?? null,
  words: allWordsOf(entry),
  name_words: nameWordsOf(entry),
  added_at: entry.addedAt,
  ...entryMemory(entry, header),
});
