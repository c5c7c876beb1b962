import { z } from 'zod';

/**
 * Whether a model fits the machine that would answer with it (the one where `inference` runs) and the disk of the models
 * folder. From the header of its file, within some tens of MiB; else (`exact` is false) an estimate, for most models between
 * 0.7 and 1.6 of what it is.
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
        exact: z
          .boolean()
          .describe(
            'From the header of this very file; else an estimate from another quantization of the same model, or from what ' +
              'the catalogue says of it (size, weights, quantization)',
          ),
      })
      .describe('What the sum is made of, for whoever counts for another machine'),
  })
  .meta({ id: 'FitView' });
export type FitView = z.infer<typeof FitView>;
