import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is known or estimated of an entry's memory, so that a list can say where it fits and be narrowed to that. */
export class AddEntryMemory1790001050000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The numbers beside `memory` are made of it, for conditions: what it needs with no context, and for each token.
    await runner.query(`ALTER TABLE explore.catalogue_entries
      ADD COLUMN memory jsonb,
      ADD COLUMN file_bytes bigint,
      ADD COLUMN fixed_bytes bigint,
      ADD COLUMN token_bytes bigint,
      ADD COLUMN trained_tokens bigint`);
    await runner.query(`CREATE INDEX catalogue_by_memory ON explore.catalogue_entries (fixed_bytes)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const column of ['memory', 'file_bytes', 'fixed_bytes', 'token_bytes', 'trained_tokens'])
      await runner.query(`ALTER TABLE explore.catalogue_entries DROP COLUMN ${column}`);
  }
}
