import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { DomainError } from '@app/kernel';
import { HubApi, type HubFile } from './hub-api.js';

/** Parts of a split model and pictures' encoders are no models of their own. */
const NOT_ALONE = /-\d{5}-of-\d{5}\.gguf$|(^|\/)mmproj[^/]*$/i;
const QUANTIZATION = /(?:^|[._-])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|BF16|F16|F32|MXFP4))\.gguf$/i;

export interface HubModelFile extends HubFile {
  quantization: string | null;
}

/** The files of a repository that can be installed. */
@Injectable()
export class HubModels {
  constructor(
    private readonly api: HubApi,
    private readonly config: Config,
  ) {}

  async list(repo: string, signal: AbortSignal): Promise<HubModelFile[]> {
    if (!this.config.explore.sources.includes('huggingface'))
      throw new DomainError('unavailable', 'explore.hub-off', 'EXPLORE_SOURCES does not allow the hub.');
    const files = await this.api.files(repo, signal);
    return files
      .filter(
        ({ path }) => /^[\w.+-]+(\/[\w.+-]+)*\.gguf$/i.test(path) && !path.includes('..') && !NOT_ALONE.test(path),
      )
      .map((file) => ({ ...file, quantization: QUANTIZATION.exec(file.path)?.[1]?.toUpperCase() ?? null }))
      .sort((a, b) => a.sizeBytes - b.sizeBytes);
  }
}
