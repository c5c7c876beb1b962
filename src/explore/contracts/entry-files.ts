import { query } from '@app/messaging';
import { z } from 'zod';
import { EntryId } from './catalogue.js';
import { FitView } from './fit.js';
import { Digest } from './views.js';

export const EntryFileView = z
  .object({
    file: z.string().describe('Name, or path in the repository'),
    format: z.enum(['gguf', 'task', 'litertlm', 'bin', 'safetensors']),
    encoding: z.enum(['gguf', 'mediapipe']).nullable(),
    quantization: z.string().nullable(),
    sizeBytes: z.number(),
    digest: Digest.nullable(),
    engine: z.enum(['llama-cpp', 'mediapipe']).nullable().describe('What can run it'),
    installed: z.boolean(),
    installable: z.boolean().describe('By its entry when it is `chosen`, else as a file of the repository'),
    chosen: z.boolean().describe('The file that the entry itself stands for'),
    fit: FitView,
  })
  .meta({ id: 'EntryFileView' });
export type EntryFileView = z.infer<typeof EntryFileView>;

export const EntryFileList = z
  .object({
    items: z.array(EntryFileView).describe('Smallest first'),
    problem: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .describe('Why the hub could not be asked; the list is what is known without it'),
  })
  .meta({ id: 'EntryFileList' });

/**
 * The files that an entry may be installed from, with what each needs. Throws `explore.unknown-catalogue-entry`, and for a
 * repository of which nothing is known `explore.hub-off`, `explore.gated`, `explore.not-found`, `explore.rate-limited`,
 * `explore.source-unavailable`.
 */
export class ListEntryFiles extends query(
  'explore.list-entry-files.v1',
  z.object({ entryId: EntryId }),
  EntryFileList,
) {}
