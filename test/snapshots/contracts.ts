import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyMessageClass } from '@app/messaging';
import { root } from '../architecture/cruise.js';

/** Folders of the domain modules. */
export const moduleNames: string[] = globSync('src/*/*.module.ts', { cwd: root })
  .map((path) => basename(dirname(path)))
  .filter((name, index, all) => all.indexOf(name) === index)
  .toSorted();

/** Every message class that a module's `contracts/` exports, by module. */
export async function contractsOf(module: string): Promise<AnyMessageClass[]> {
  const frontDoor = `src/${module}/contracts/index.ts`;
  if (!existsSync(join(root, frontDoor))) return [];
  return (await exportsOf(frontDoor)).filter(isMessageClass).toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

/** What a file exports. */
export async function exportsOf(path: string): Promise<unknown[]> {
  return Object.values((await import(pathToFileURL(join(root, path)).href)) as Record<string, unknown>);
}

const isMessageClass = (value: unknown): value is AnyMessageClass =>
  typeof value === 'function' && 'kind' in value && 'type' in value && 'schema' in value;
