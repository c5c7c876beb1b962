import { query } from '@app/messaging';
import { z } from 'zod';
import { GetEntry } from './catalogue.js';
import { Digest } from './views.js';

/**
 * Whether a model fits the machine that would answer with it (the one where `inference` runs) and the disk of the models
 * folder. An estimate from the header of its file, within some tens of MiB.
 */
export const FitView = z
  .object({
    verdict: z
      .enum(['fits', 'tight', 'too-large', 'unknown'])
      .describe('tight: with less context than is set, or with little memory left; too-large: it would be refused'),
    needBytes: z.number().nullable().describe('Memory for weights, caches of all sequences and working space'),
    haveBytes: z.number().nullable().describe('Memory that models may use there'),
    diskNeedBytes: z.number().describe('0 when it is installed'),
    diskFreeBytes: z.number(),
    contextLength: z.number().nullable().describe('Tokens that a conversation would get'),
    explains: z.string().describe('One sentence for a person'),
    parts: z
      .object({
        weightsBytes: z.number(),
        kvBytesPerToken: z.number().nullable().describe('Of one sequence; null: the header is not known'),
        computeBytes: z.number().nullable(),
        sequences: z.int().nullable().describe('Answers at the same time on the server; a browser has one'),
        modelContextLength: z.number().nullable().describe('Tokens that the model was trained for'),
        exact: z.boolean().describe('From the header of this very file, not of another quantization of the same model'),
      })
      .describe('What the sum is made of, for whoever counts for another machine'),
  })
  .meta({ id: 'FitView' });
export type FitView = z.infer<typeof FitView>;

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
  z.object({ entryId: GetEntry.schema.shape.entryId }),
  EntryFileList,
) {}
