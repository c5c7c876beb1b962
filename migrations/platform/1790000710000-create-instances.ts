import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateInstances1790000710000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // One row a running process, updated every other second: room on the page keeps those updates from bloating it.
    await runner.query(`
      CREATE TABLE platform.instances (
        id uuid PRIMARY KEY,
        service text NOT NULL,
        version text NOT NULL,
        modules text[] NOT NULL,
        http text[] NOT NULL,
        types text[] NOT NULL,
        queues text[] NOT NULL,
        host text NOT NULL,
        pid int NOT NULL,
        started_at timestamptz NOT NULL,
        last_beat timestamptz NOT NULL,
        load jsonb NOT NULL
      ) WITH (fillfactor = 40)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE platform.instances`);
  }
}
