import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DomainError } from '@app/kernel';

/** When a process began, in the kernel's ticks: tells a process from a later one with the same number. */
function startOf(pid: number): string | null {
  try {
    // The command in parentheses may hold anything; the 20th field after it is the start time.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive(pid: number, start: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return start === null || startOf(pid) === start;
}

/**
 * One process at a time works on an embedded database. A lock that a dead process left is taken over.
 *
 * @returns what gives the folder free
 * @throws DomainError `platform.database-in-use`
 */
export function lockFolder(folder: string): () => void {
  const file = `${folder}.lock`;
  mkdirSync(dirname(file), { recursive: true });
  const own = JSON.stringify({ pid: process.pid, start: startOf(process.pid) });
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readHolder(file);
    if (holder && isAlive(holder.pid, holder.start)) {
      throw new DomainError(
        'conflict',
        'platform.database-in-use',
        `The database folder ${folder} is in use by process ${holder.pid}. Stop it, or choose another DATA_DIR.`,
        { folder, pid: holder.pid },
      );
    }
    rmSync(file, { force: true });
  }
  throw new DomainError(
    'conflict',
    'platform.database-in-use',
    `The database folder ${folder} is being opened elsewhere.`,
  );
}

function readHolder(file: string): { pid: number; start: string | null } | null {
  try {
    const { pid, start } = JSON.parse(readFileSync(file, 'utf8')) as { pid: unknown; start: unknown };
    return typeof pid === 'number' ? { pid, start: typeof start === 'string' ? start : null } : null;
  } catch {
    // Written by a process that died half-way, or gone meanwhile.
    return null;
  }
}
