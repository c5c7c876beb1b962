import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { type GgufInfo, readGguf } from '@app/gguf';
import type { CatalogueEntry } from '../domain/catalogue.js';
import { builtInCatalogue } from './built-in.js';
import { type FolderFile, modelFolderFiles } from './model-folder.js';
import { licenseName, type OllamaModel, ollamaModels } from './ollama-library.js';

export const FOLDER_PREFIX = 'folder:';
export const OLLAMA_PREFIX = 'ollama:';

/** A model whose file lies here, and was looked into. */
export interface LocalModel extends CatalogueEntry {
  header: GgufInfo;
}

/** Models that lie on this machine: each valid file of EXPLORE_MODEL_FOLDER, and what Ollama's libraries have. */
@Injectable()
export class LocalModels {
  /** Headers that were read, by path, size and time of change; null for a file that is no model. */
  private readonly headers = new Map<string, Promise<GgufInfo | null>>();

  constructor(private readonly config: Config) {}

  async list(): Promise<LocalModel[]> {
    return [...(await this.fromFolder()), ...(await this.fromOllama())];
  }

  async fromFolder(): Promise<LocalModel[]> {
    const { sources, modelFolder } = this.config.explore;
    if (!sources.includes('folder')) return [];
    const files = (await modelFolderFiles(modelFolder)).filter((file) => !isBuiltIn(file));
    const entries = await Promise.all(
      files.map(async (file) => {
        const header = await this.header(file);
        return header && ofFolder(file, header);
      }),
    );
    return entries.filter((entry) => entry !== null);
  }

  async fromOllama(): Promise<LocalModel[]> {
    const { sources, ollamaFolders } = this.config.explore;
    if (!sources.includes('ollama')) return [];
    const models = await ollamaModels(ollamaFolders);
    const entries = await Promise.all(
      models.map(async (model) => {
        const header = await this.header(model);
        return header && ofOllama(model, header);
      }),
    );
    return entries.filter((entry) => entry !== null);
  }

  private header({ path, sizeBytes, modifiedMs }: { path: string; sizeBytes: number; modifiedMs: number }) {
    const key = `${path}\0${sizeBytes}\0${modifiedMs}`;
    let known = this.headers.get(key);
    if (!known) {
      if (this.headers.size > 2000) this.headers.clear();
      // What is no model is simply not offered; the reason is told by who tries to install it by hand.
      known = readGguf(path).catch(() => null);
      this.headers.set(key, known);
    }
    return known;
  }
}

/** A built-in model under its own name and size is installed as the built-in entry. */
const isBuiltIn = (file: FolderFile) =>
  builtInCatalogue.some(
    (entry) =>
      entry.sizeBytes === file.sizeBytes &&
      (entry.sources.huggingface?.file === file.name || file.name === `${entry.digest}.gguf`),
  );

const ofFolder = (file: FolderFile, header: GgufInfo): LocalModel => ({
  id: `${FOLDER_PREFIX}${file.name}`,
  name: header.name ?? file.name.replace(/\.gguf$/i, ''),
  description: `From this server's model folder: ${file.name}`,
  license: header.license,
  parameters: header.parameters,
  quantization: header.quantization,
  contextLength: header.contextLength,
  sizeBytes: file.sizeBytes,
  digest: null,
  sources: { folder: { file: file.name } },
  header,
});

function ofOllama({ name, digest, sizeBytes, license }: OllamaModel, header: GgufInfo): LocalModel {
  // Ollama's own template is in a language of its own, which nothing else reads.
  const template = header.hasChatTemplate ? '' : ' Its file has no chat template; that of Ollama is not taken over.';
  return {
    id: `${OLLAMA_PREFIX}${name}`,
    name: header.name ? `${header.name} (${name})` : name,
    description: `From the library of Ollama on this machine: ${name}.${template}`,
    license: header.license ?? licenseName(license),
    parameters: header.parameters,
    quantization: header.quantization,
    contextLength: header.contextLength,
    sizeBytes,
    digest,
    sources: { ollama: { name } },
    header,
  };
}
