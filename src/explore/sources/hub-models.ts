import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Answered, HubAnswers } from '../persistence/hub-answers.js';
import { HubApi, type HubFile } from './hub-api.js';

/** Parts of a split model and pictures' encoders are no models of their own. */
const NOT_ALONE = /-\d{5}-of-\d{5}\.gguf$|(^|\/)mmproj[^/]*$/i;
const QUANTIZATION = /(?:^|[._-])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|BF16|F16|F32|MXFP4))\.gguf$/i;
const FORMAT = /^[\w.+-]+(?:\/[\w.+-]+)*\.(gguf|task|litertlm|safetensors)$/i;
/** Of those only an adapter is of use as it is. */
const ADAPTER = /(^|\/)adapter_model\.safetensors$/;
const FRESH_MS = 10 * 60_000;
const DEADLINE_MS = 20_000;

const HubModelFile = z.object({
  path: z.string(),
  format: z.enum(['gguf', 'task', 'litertlm', 'safetensors']),
  sizeBytes: z.number(),
  digest: z.string(),
  /** As the name of the file says. */
  quantization: z.string().nullable(),
});
export type HubModelFile = z.infer<typeof HubModelFile>;

/** The files of a repository that are of use, smallest first. */
@Injectable()
export class HubModels {
  constructor(
    private readonly api: HubApi,
    private readonly answers: HubAnswers,
  ) {}

  /** Those that can be installed, as the hub says now: an install is bound to the digest. */
  async list(repo: string, signal: AbortSignal): Promise<HubModelFile[]> {
    return (await this.ask(repo, signal)).filter(({ format }) => format === 'gguf');
  }

  /** All of them, as the hub said lately. */
  async lately(repo: string): Promise<Answered<HubModelFile[]>> {
    return this.answers.read(`files:${repo}`, z.array(HubModelFile), FRESH_MS, () =>
      this.ask(repo, AbortSignal.timeout(DEADLINE_MS)),
    );
  }

  private async ask(repo: string, signal: AbortSignal): Promise<HubModelFile[]> {
    const files = await this.api.files(repo, signal);
    return files.flatMap(describe).sort((a, b) => a.sizeBytes - b.sizeBytes);
  }
}

function describe({ path, sizeBytes, digest }: HubFile): HubModelFile[] {
  const format = FORMAT.exec(path)?.[1]?.toLowerCase() as HubModelFile['format'] | undefined;
  if (!format || path.includes('..') || NOT_ALONE.test(path)) return [];
  if (format === 'safetensors' && !ADAPTER.test(path)) return [];
  return [{ path, format, sizeBytes, digest, quantization: QUANTIZATION.exec(path)?.[1]?.toUpperCase() ?? null }];
}

/** The name of the model without its quantization: files that share it differ by nothing else. */
export const stemOf = (path: string): string =>
  path
    .replace(QUANTIZATION, '')
    .replace(/\.gguf$/i, '')
    .toLowerCase();
