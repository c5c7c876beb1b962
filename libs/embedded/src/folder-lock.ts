import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, utimes, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '@app/kernel';

/** A holder says this often that it lives … */
const BEAT_MS = 2_000;
/** … and counts as dead to those who cannot see its process when it was silent for so long. */
const SILENCE_MS = 15_000;
/** Between making a lock file and writing it lies a moment, in which it is empty. */
const WRITING_MS = 5_000;

interface Holder {
  pid: number;
  /** When the process began: tells it from a later one with the same number. */
  start: string | null;
  /** Where its number means something. */
  scope: string;
}

/** A container has process numbers of its own, so a lock of another one cannot be checked by number. */
function ownScope(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** In the kernel's ticks; null where there is no /proc, or no such process. */
function startOf(pid: number): string | null {
  try {
    // The command in parentheses may hold anything; the 20th field after it is the start time.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isRunning({ pid, start }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return start === null || startOf(pid) === start;
}

/**
 * One process at a time works on an embedded database. A lock that a dead process left is taken over: at once if the
 * process was of this machine or container, else after a silence (containers that share a volume).
 *
 * @returns what gives the folder free
 * @throws DomainError `platform.database-in-use`
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const file = `${folder}.lock`;
  mkdirSync(dirname(file), { recursive: true });
  await acquire(file, folder);
  const beat = setInterval(() => touch(file), BEAT_MS).unref();
  return () => {
    clearInterval(beat);
    rmSync(file, { force: true });
  };
}

async function acquire(file: string, folder: string): Promise<void> {
  const own = JSON.stringify({ pid: process.pid, start: startOf(process.pid), scope: ownScope() } satisfies Holder);
  if (create(file, own)) return;
  const stale = read(file);
  // Given free between the two looks.
  if (!stale) return acquire(file, folder);
  if (await isHeld(file, stale.text)) throw inUse(folder, holderOf(stale.text)?.pid);
  // Only one may take over, and only what it found dead: two that did it side by side would both believe to own it.
  const guard = `${file}.takeover`;
  await acquire(guard, folder);
  try {
    if (read(file)?.text !== stale.text) throw inUse(folder);
    writeFileSync(`${file}.new`, own);
    renameSync(`${file}.new`, file);
  } finally {
    rmSync(guard, { force: true });
  }
}

function create(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isHeld(file: string, text: string): Promise<boolean> {
  const holder = holderOf(text);
  if (!holder) return Date.now() - (read(file)?.touched ?? 0) < WRITING_MS;
  if (holder.scope === ownScope()) return isRunning(holder);
  const first = read(file)?.touched;
  for (const until = performance.now() + SILENCE_MS; performance.now() < until; await sleep(BEAT_MS / 4)) {
    if (read(file)?.touched !== first) return true;
  }
  return false;
}

function read(file: string): { text: string; touched: number } | null {
  try {
    return { text: readFileSync(file, 'utf8'), touched: statSync(file).mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** null if a process died while it wrote the file, or has not written it yet. */
function holderOf(text: string): Holder | null {
  try {
    const { pid, start, scope } = JSON.parse(text) as Record<keyof Holder, unknown>;
    if (typeof pid !== 'number') return null;
    // Before there was a scope, a lock was of this machine.
    return {
      pid,
      start: typeof start === 'string' ? start : null,
      scope: typeof scope === 'string' ? scope : ownScope(),
    };
  } catch {
    return null;
  }
}

function touch(file: string): void {
  const now = new Date();
  // A beat that fails (the folder was moved away, the disk went read-only) must not end a server that still answers.
  utimes(file, now, now, () => undefined);
}

const inUse = (folder: string, pid?: number) =>
  new DomainError(
    'conflict',
    'platform.database-in-use',
    pid
      ? `The database folder ${folder} is in use by process ${pid}. Stop it, or choose another DATA_DIR.`
      : `The database folder ${folder} is being opened elsewhere.`,
    { folder, ...(pid && { pid }) },
  );
