import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { lockFolder } from '@app/embedded';
import type { DomainError } from '@app/kernel';
import { freshFolder, testDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Database } from './database.js';
import { EventStore } from './event-store.js';
import { migrate } from './migrate.js';

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'ok',
    (error: DomainError) => error.code,
  );

/** A number that a process has had and has no more. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

/** Runs the sources as they are in a process of its own: Node strips the types, and this finds `@app/*` and `.ts`. */
const RUN_SOURCES = `
  import { registerHooks } from 'node:module';
  const libs = ${JSON.stringify(new URL('../../', import.meta.url).href)};
  registerHooks({
    resolve(name, context, next) {
      if (name.startsWith('@app/')) return next(libs + name.slice(5) + '/src/index.ts', context);
      if (/^\\.\\.?\\/.*\\.js$/.test(name) && context.parentURL?.startsWith(libs)) return next(name.slice(0, -2) + 'ts', context);
      return next(name, context);
    },
  });
  const [{ Database }, { EventStore }, { lockFolder }] = await Promise.all(
    ['persistence/src/database', 'persistence/src/event-store', 'embedded/src/folder-lock'].map((file) => import(libs + file + '.ts')),
  );
`;

function runSources(program: string, ...args: string[]) {
  return spawn(
    process.execPath,
    ['--experimental-transform-types', '--no-warnings', '--input-type=module', '-e', RUN_SOURCES + program, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
}

describe('an embedded database', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-embedded-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('belongs to one process; a dead one gives it up', async () => {
    const test = await testDatabase();
    expect(await codeOf(Database.connect(test.url))).toBe('platform.database-in-use');
    await test.db.close();
    writeFileSync(`${test.url.slice('pglite://'.length)}.lock`, JSON.stringify({ pid: await deadPid(), start: '1' }));
    const again = await Database.connect(test.url);
    await again.ping();
    await again.close();
    await test.dispose();
  });

  it('keeps every row that it said is stored, whenever its process is killed', async () => {
    const test = await testDatabase();
    await test.db.close();
    const writer = `
      const db = await Database.connect(process.argv[1]);
      const events = new EventStore(db);
      for (let n = 0; ; n++) {
        const [stored] = await events.append('k:1', 'any', [{ type: 't.a.v1', data: { n } }]);
        console.log(stored.position);
      }`;
    const acknowledged: string[] = [];
    for (const most of [1, 20, 47]) {
      const child = runSources(writer, test.url);
      const exit = once(child, 'exit');
      let seen = 0;
      for await (const line of createInterface(child.stdout)) {
        acknowledged.push(line);
        // What is still in the pipe was acknowledged, too, and is read to its end.
        if (++seen === most) child.kill('SIGKILL');
      }
      await exit;
    }
    const db = await Database.connect(test.url);
    const stored = (await new EventStore(db).read('k:1')).map((event) => event.position);
    const queued = await db.query<{ position: string }>(`SELECT position FROM platform.outbox ORDER BY position`);
    await db.close();
    await test.dispose();
    expect(acknowledged.length).toBeGreaterThanOrEqual(68);
    expect(acknowledged.filter((position) => !stored.includes(position))).toEqual([]);
    expect(queued.map(({ position }) => position)).toEqual(stored);
  });

  it('has one new owner when many processes find its lock left by a dead one', async () => {
    const contested = join(folder, 'contested');
    for (let round = 0; round < 3; round++) {
      writeFileSync(`${contested}.lock`, JSON.stringify({ pid: await deadPid(), start: '1' }));
      const contender = `
        await new Promise((resolve) => setTimeout(resolve, Number(process.argv[2]) - Date.now()));
        await lockFolder(process.argv[1]).then(() => console.log('mine'), (error) => console.log(error.code));
        process.kill(process.pid, 'SIGSTOP');`;
      const at = String(Date.now() + 2_500);
      const children = Array.from({ length: 4 }, () => runSources(contender, contested, at));
      const results = await Promise.all(
        children.map(async (child) => String((await once(child.stdout, 'data'))[0]).trim()),
      );
      const exits = children.map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(exits);
      expect(results.toSorted()).toEqual(['mine', ...Array<string>(3).fill('platform.database-in-use')]);
    }
  });

  it('is not taken from a living process that cannot be seen from here', async () => {
    const shared = join(folder, 'shared');
    const elsewhere = JSON.stringify({ pid: 1, start: '1', scope: 'another container' });
    writeFileSync(`${shared}.lock`, elsewhere);
    const beat = setInterval(() => writeFileSync(`${shared}.lock`, elsewhere), 200);
    expect(await codeOf(lockFolder(shared))).toBe('platform.database-in-use');
    clearInterval(beat);
  });

  it('gives its lock free when it is closed, and when it cannot be opened', async () => {
    const free = await lockFolder(join(folder, 'free'));
    expect(JSON.parse(readFileSync(join(folder, 'free.lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    free();
    (await lockFolder(join(folder, 'free')))();
  });

  it('says so when its folder is damaged', async () => {
    const damaged = join(folder, 'damaged');
    mkdirSync(damaged);
    writeFileSync(join(damaged, 'PG_VERSION'), '18\n');
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await codeOf(Database.connect(`pglite://${damaged}`))).toBe('platform.database-damaged');
    }
  });

  const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
  it.runIf(mayMount)('says so when the disk is full, and goes on when there is room', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      // A container that may not mount has no small disk to fill.
      return;
    }
    try {
      await freshFolder(join(disk, 'db'));
      const db = await Database.connect(`pglite://${disk}/db`);
      await migrate(db);
      await db.query(`CREATE TABLE much (text text)`);
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(64_000_000));
      let stored = 0;
      const fill = async () => {
        for (;;) {
          await db.query(`INSERT INTO much SELECT repeat(md5(n::text), 60) FROM generate_series(1, 2000) AS n`, []);
          if (!db.inTransaction) stored += 2_000;
        }
      };
      expect(await codeOf(fill())).toBe('platform.disk-full');
      expect(await codeOf(db.transaction(fill))).toBe('platform.disk-full');
      rmSync(join(disk, 'ballast'));
      const [row] = await vi.waitFor(
        () => db.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM much`),
        10_000,
      );
      expect(row?.rows).toBe(stored);
      await db.query(`TRUNCATE much`);
      expect(await db.query(`SELECT $1::int AS one`, [1])).toEqual([{ one: 1 }]);
      await db.transaction(() => db.query(`INSERT INTO much VALUES ('some')`));
      await db.close();
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });
});
