import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCatalogue1790000960000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // `words` and `name_words` hold the words as the application cut them, so that they match its queries exactly.
    await runner.query(`
      CREATE TABLE explore.catalogue_entries (
        id text COLLATE "C" PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN ('model', 'adapter')),
        origin text NOT NULL CHECK (origin IN ('built-in', 'hub', 'adapter')),
        name text NOT NULL,
        sort_name text COLLATE "C" NOT NULL,
        publisher text,
        description text NOT NULL,
        license text,
        parameters bigint,
        quantization text,
        context_length integer,
        size_bytes bigint,
        digest text,
        base_model text,
        base_digest text,
        tags text[] NOT NULL,
        places jsonb NOT NULL DEFAULT '{}',
        owner_id uuid,
        visibility text NOT NULL DEFAULT 'public' CHECK (visibility IN ('private', 'group', 'public')),
        visible_to text CHECK (visible_to IN ('admin', 'user')),
        words tsvector NOT NULL,
        name_words tsvector NOT NULL,
        uses bigint NOT NULL DEFAULT 0,
        rating_sum bigint NOT NULL DEFAULT 0,
        rating_count integer NOT NULL DEFAULT 0,
        rating double precision NOT NULL
          GENERATED ALWAYS AS (CASE WHEN rating_count = 0 THEN 0 ELSE rating_sum::float8 / rating_count END) STORED,
        added_at timestamptz NOT NULL
      )`);
    // Without a pending list, which each search would have to read.
    await runner.query(
      `CREATE INDEX catalogue_by_words ON explore.catalogue_entries USING gin (words) WITH (fastupdate = off)`,
    );
    await runner.query(
      `CREATE INDEX catalogue_by_tags ON explore.catalogue_entries USING gin (tags) WITH (fastupdate = off)`,
    );
    for (const [name, key] of [
      ['uses', 'uses DESC'],
      ['rating', 'rating DESC'],
      ['age', 'added_at DESC'],
      ['name', 'sort_name'],
      ['size', `coalesce(size_bytes, 9223372036854775807)`],
    ])
      await runner.query(`CREATE INDEX catalogue_by_${name} ON explore.catalogue_entries (${key}, id)`);
    await runner.query(`CREATE INDEX catalogue_by_digest ON explore.catalogue_entries (digest)`);
    // Every word of an entry, and the same with letters left out: two words a slip apart share one of these.
    await runner.query(`
      CREATE TABLE explore.catalogue_words (
        word text COLLATE "C" PRIMARY KEY,
        slips text[] NOT NULL
      )`);
    await runner.query(
      `CREATE INDEX catalogue_words_by_slip ON explore.catalogue_words USING gin (slips) WITH (fastupdate = off)`,
    );
    await runner.query(`
      CREATE TABLE explore.catalogue_ratings (
        entry_id text COLLATE "C" NOT NULL REFERENCES explore.catalogue_entries (id) ON DELETE CASCADE,
        user_id uuid NOT NULL,
        stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
        rated_at timestamptz NOT NULL,
        PRIMARY KEY (entry_id, user_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['catalogue_ratings', 'catalogue_words', 'catalogue_entries'])
      await runner.query(`DROP TABLE explore.${table}`);
  }
}
