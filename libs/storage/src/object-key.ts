import { invalidKey } from './problems.js';

const PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** Letters of any file system, and no way out of a folder: no empty part, none that begins with a dot. */
export function requireKey(key: string): void {
  if (key.length > 512 || !key.split('/').every((part) => PART.test(part))) throw invalidKey(key);
}

/** A prefix is the beginning of a key, so its last part may be cut anywhere. */
export function requirePrefix(prefix: string): void {
  if (prefix !== '') requireKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}
