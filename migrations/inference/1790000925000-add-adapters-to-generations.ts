import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddAdaptersToGenerations1790000925000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // What the answer was begun with: a successor goes on with the same, or begins anew.
    await runner.query(`ALTER TABLE inference.generations ADD COLUMN adapters text NOT NULL DEFAULT ''`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE inference.generations DROP COLUMN adapters`);
  }
}
