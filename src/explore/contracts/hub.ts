import { command, query } from '@app/messaging';
import { z } from 'zod';
import { Digest, InstallView } from './views.js';

const repo = z
  .string()
  .max(200)
  .regex(/^[\w.-]+\/[\w.-]+$/)
  .refine((name) => !name.split('/').some((part) => part === '.' || part === '..'));
const file = z.string().max(300);

export const HubFileView = z
  .object({
    file: z.string(),
    quantization: z.string().nullable().describe('As the name of the file says'),
    sizeBytes: z.number(),
    digest: Digest,
    installed: z.boolean(),
  })
  .meta({ id: 'HubFileView' });

export const HubFileList = z.object({ items: z.array(HubFileView) }).meta({ id: 'HubFileList' });

/**
 * The GGUF models of a repository of the hub that are one file, smallest first. Throws `explore.hub-off`,
 * `explore.not-found`, `explore.gated`, `explore.rate-limited`, `explore.source-unavailable`.
 */
export class ListHubFiles extends query('explore.list-hub-files.v1', z.object({ repo }), HubFileList) {}

/** Puts one file of a repository in the catalogue, bound to the digest that the hub tells, and installs it. */
export class InstallHubFile extends command('explore.install-hub-file.v1', z.object({ repo, file }), InstallView) {}
