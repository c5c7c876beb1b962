import { execFile } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { openPostgres, takeOpening } from '@app/embedded';
import { DomainError } from '@app/kernel';
import { asDomainError } from './database-errors.js';
import { PgliteSession } from './pglite-session.js';

/** Makes an empty database. Runs in a process of its own, because initdb leaves 800 MB resident where it ran. */
const INITDB = `
const { PGlite } = require(process.argv[1]);
PGlite.create(process.argv[2]).then((db) => db.close()).catch((error) => { console.error(error); process.exit(1); });
`;

/** Makes an empty database folder, whole or not at all. */
export async function initFolder(folder: string): Promise<void> {
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  const pglite = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  try {
    await promisify(execFile)(process.execPath, ['-e', INITDB, pglite, unfinished], { timeout: 120_000 });
    renameSync(unfinished, folder);
  } catch (cause) {
    rmSync(unfinished, { recursive: true, force: true });
    const known = asDomainError(cause);
    if (known instanceof DomainError) throw known;
    throw new DomainError(
      'unavailable',
      'platform.database-not-created',
      `The database folder ${folder} could not be made. Is the disk full, or not writable?`,
      { folder },
      { cause },
    );
  }
}

export interface OpenPglite {
  /** Options for a pg Pool whose only client is this database. */
  poolOptions: { Client: PgliteSession['Client']; max: 1; idleTimeoutMillis: 0 };
  close(): Promise<void>;
}

/**
 * Opens an embedded database for this process alone. PostgreSQL in WebAssembly is one session: the pool of one hands its
 * only client to one query runner at a time, first come first served, so that transactions never mix.
 */
export async function openPglite(folder: string): Promise<OpenPglite> {
  const opening = takeOpening(folder);
  const unlock = await opening.unlock;
  try {
    if (!opening.db) await initFolder(folder);
    const session = await PgliteSession.open(folder, opening.db ?? openPostgres(folder)).catch((cause: unknown) => {
      const known = asDomainError(cause);
      if (known instanceof DomainError) throw known;
      throw new DomainError(
        'unavailable',
        'platform.database-damaged',
        `The database folder ${folder} cannot be opened. Restore it from a backup, or move it away to start anew.`,
        { folder },
        { cause },
      );
    });
    return {
      // The session is there for good: a client that the pool threw away when idle would only be made again.
      poolOptions: { Client: session.Client, max: 1, idleTimeoutMillis: 0 },
      async close() {
        try {
          await session.close();
        } finally {
          unlock();
        }
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}
