import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.js';

/**
 * What this installation signs with: AUTH_SECRET, or a secret that is made at the first start and kept in
 * DATA_DIR/secret. Derive a key for each purpose from it.
 *
 * @throws when the file holds fewer than 32 characters, or cannot be read or made
 */
export const serverSecret = async (config: Config): Promise<string> =>
  config.auth.secret ?? (await secretFile(config.data.dir));

async function secretFile(folder: string): Promise<string> {
  const path = join(folder, 'secret');
  const present = await readSecret(path);
  if (present) return present;
  await mkdir(folder, { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, randomBytes(48).toString('base64url'), { mode: 0o600, flush: true });
  try {
    // A link is made whole or not at all, and only where nothing is: of processes that start at once, one wins.
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  const secret = await readSecret(path);
  if (!secret) throw new Error(`${path} cannot be read back.`);
  return secret;
}

async function readSecret(path: string): Promise<string | undefined> {
  try {
    const secret = (await readFile(path, 'utf8')).trim();
    if (secret.length < 32) throw new Error(`${path} holds no secret of 32 characters or more. Remove it, or mend it.`);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
