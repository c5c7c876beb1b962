import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ModelFileName } from './entry.js';

export interface FolderFile {
  name: string;
  path: string;
  sizeBytes: number;
  modifiedMs: number;
}

/** More files than this are not listed: the folder is read on every look at the catalogue. */
const MOST_FILES = 500;

/** Files of the operator's model folder (or the one file that the setting names). A missing folder is an empty one. */
export async function modelFolderFiles(folder: string | undefined): Promise<FolderFile[]> {
  if (!folder) return [];
  const itself = await stat(folder).catch(() => null);
  if (!itself) return [];
  // Names come from the directory alone, never from a request: a name with a path in it can match nothing.
  const [parent, names] = itself.isDirectory()
    ? [folder, await readdir(folder)]
    : [dirname(folder), [basename(folder)]];
  const models = names.filter((name) => ModelFileName.safeParse(name).success).sort();
  const files = await Promise.all(
    models.slice(0, MOST_FILES).map(async (name): Promise<FolderFile | null> => {
      const path = join(parent, name);
      const file = await stat(path).catch(() => null);
      return file?.isFile() ? { name, path, sizeBytes: file.size, modifiedMs: file.mtimeMs } : null;
    }),
  );
  return files.filter((file) => file !== null);
}
