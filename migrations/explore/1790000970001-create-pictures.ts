import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Pictures of cards; the bytes are in the storage under their digest. Without a type: what was there is no picture. */
export class CreatePictures1790000970001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE explore.pictures (
        id text PRIMARY KEY,
        type text,
        size_bytes bigint NOT NULL,
        digest text,
        fetched_at timestamptz NOT NULL,
        used_at timestamptz NOT NULL,
        CHECK ((type IS NULL) = (digest IS NULL))
      )`);
    await runner.query(`CREATE INDEX pictures_by_digest ON explore.pictures (digest)`);
    await runner.query(`CREATE INDEX pictures_by_use ON explore.pictures (used_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE explore.pictures`);
  }
}
