import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './run.mjs';

/** Files that never reach a build. */
const ignored = /(^|\/)(node_modules|dist)(\/|$)|\.(spec|contract)\.tsx?$|\.md$/;

/**
 * SHA-256 over the names and contents of these files and folders: the same sources give the same hash, whatever git or
 * an editor did to their dates.
 * @param {string[]} paths relative to the repository
 * @param {(path: string) => boolean} [leaveOut]
 */
export function hashOf(paths, leaveOut = () => false) {
  const hash = createHash('sha256');
  for (const path of paths) addTo(hash, path, leaveOut);
  return hash.digest('hex');
}

function addTo(hash, path, leaveOut) {
  if (ignored.test(path) || leaveOut(path)) return;
  const found = readable(path);
  if (found === null) return;
  if (Array.isArray(found)) for (const name of found) addTo(hash, `${path}/${name}`, leaveOut);
  else hash.update(`${path}\0${found.length}\0`).update(found);
}

/** A folder's names in a fixed order, a file's bytes, or null when there is nothing. */
function readable(path) {
  try {
    return readFileSync(join(root, path));
  } catch (error) {
    if (error.code === 'EISDIR') return readdirSync(join(root, path)).sort();
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

// Inside node_modules, so that other packages mean a new build, and deleting that folder starts from nothing.
const markerOf = (name) => join(root, 'node_modules/.parley', name);

/** What `remember` was last told under this name; empty at first. */
export function remembered(name) {
  try {
    return readFileSync(markerOf(name), 'utf8');
  } catch {
    return '';
  }
}

export function remember(name, value) {
  mkdirSync(dirname(markerOf(name)), { recursive: true });
  writeFileSync(markerOf(name), value);
}
