import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Models in folders of this server stand in the catalogue, and a library of Ollama is a source. */
export class AllowLocalEntries1790000970002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await allow(runner, ['built-in', 'hub', 'adapter', 'local'], ['folder', 'ollama', 'huggingface', 'pypi']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM explore.catalogue_entries WHERE origin = 'local'`);
    await runner.query(`UPDATE explore.installs SET source = NULL WHERE source = 'ollama'`);
    await allow(runner, ['built-in', 'hub', 'adapter'], ['folder', 'huggingface', 'pypi']);
  }
}

async function allow(runner: QueryRunner, origins: readonly string[], sources: readonly string[]): Promise<void> {
  const list = (values: readonly string[]) => values.map((value) => `'${value}'`).join(', ');
  await runner.query(`ALTER TABLE explore.catalogue_entries DROP CONSTRAINT catalogue_entries_origin_check`);
  await runner.query(`ALTER TABLE explore.catalogue_entries
    ADD CONSTRAINT catalogue_entries_origin_check CHECK (origin IN (${list(origins)}))`);
  await runner.query(`ALTER TABLE explore.installs DROP CONSTRAINT installs_source_check`);
  await runner.query(`ALTER TABLE explore.installs
    ADD CONSTRAINT installs_source_check CHECK (source IN (${list(sources)}))`);
}
