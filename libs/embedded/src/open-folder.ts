import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { lockFolder } from './folder-lock.js';

/** PostgreSQL's own cache lies over the file system's: 128 MB, its default, would be resident twice for nothing. */
const SHARED_BUFFERS = ['-c', 'shared_buffers=16MB'];

/**
 * A prepared statement is planned once. Planning anew with the values, PostgreSQL's default, takes as long as most of
 * our statements themselves, and finds nothing better here: nobody analyzes the tables.
 */
const PLAN_ONCE = ['-c', 'plan_cache_mode=force_generic_plan'];

const SCHEME = 'pglite://';

/** The folder of an embedded database; null: the URL is of another one. */
export const embeddedFolderOf = (url: string): string | null =>
  url.startsWith(SCHEME) ? url.slice(SCHEME.length) : null;

/** PGlite would ask for the types of arrays first, for conversions of its own; ours are pg's. */
class Session extends PGlite {
  override async _initArrayTypes(): Promise<void> {
    // Nothing to know.
  }
}

/** A folder that is being opened: first it is locked. */
export interface Opening {
  /** Gives the folder free. */
  unlock: Promise<() => void>;
  /** null: there is no database in the folder yet. */
  db: Promise<PGlite> | null;
}

const begun = new Map<string, Opening>();

/** Node has it; its types are among those of a browser, which a server does without. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<PGliteOptions['pgliteWasmModule']> };

const packageFolder = dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite'));

/**
 * Opens the database of a folder that is locked and has one. PGlite would read its WebAssembly in many turns of the event
 * loop, of which there is none while modules are loaded; in one piece its compilation, by other threads, begins at once.
 */
export async function openPostgres(folder: string): Promise<PGlite> {
  // A function is validated when it is first compiled, which most of its 14,000 never are.
  setFlagsFromString('--wasm-lazy-validation');
  const session = new Session({
    dataDir: folder,
    startParams: [...PGlite.defaultStartParams, ...SHARED_BUFFERS, ...PLAN_ONCE],
    pgliteWasmModule: await WebAssembly.compile(readFileSync(join(packageFolder, 'pglite.wasm'))),
  });
  await session.waitReady;
  return session;
}

/**
 * Begins to open a folder for whoever asks for it first, before the modules are loaded that will. Resolves when the folder is
 * locked and its WebAssembly is being compiled, by other threads. What fails is told to who asks.
 */
export async function beginOpening(folder: string): Promise<void> {
  const opening = open(folder);
  begun.set(folder, opening);
  // A process that ends before (a wrong setting, say) does not leave its lock to be found dead.
  const free = await opening.unlock.catch(() => null);
  if (free) process.once('exit', () => begun.has(folder) && free());
}

/** What was begun with this folder, once, or begins now. */
export function takeOpening(folder: string): Opening {
  const opening = begun.get(folder) ?? open(folder);
  begun.delete(folder);
  return opening;
}

function open(folder: string): Opening {
  const unlock = lockFolder(folder);
  const db = existsSync(join(folder, 'PG_VERSION')) ? unlock.then(() => openPostgres(folder)) : null;
  // Who takes it waits for one after the other, or never comes: until then nobody hears of a failure.
  for (const failing of [unlock, db]) failing?.catch(() => undefined);
  return { unlock, db };
}
