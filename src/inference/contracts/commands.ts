import { command } from '@app/messaging';
import { z } from 'zod';
import { CompletionRequest } from './queries.js';

/** What a program calls a request, so that it can send it again. Printable ASCII. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/, 'must be 1 to 255 printable ASCII characters');

/**
 * A completion that outlives its caller: it is generated once for each key of an account, and read as any generation is
 * (`StreamGeneration`). The same key again gets the same one, unless that failed or the key has expired.
 *
 * Errors: conflict `inference.idempotency-key-reused` when the request was another one; those of the model and its adapters.
 */
export class RequestCompletion extends command(
  'inference.request-completion.v1',
  z.object({ key: IdempotencyKey, request: CompletionRequest }),
  z.object({
    completionId: z.uuid().describe('Of the generation as well'),
    model: z.string(),
    createdAt: z.iso.datetime(),
    replayed: z.boolean().describe('It was asked for before'),
  }),
) {}
