import { z } from 'zod';

const code = z.string().regex(/^[a-z]{2,3}$/);
const facts = {
  publisher: z.string().min(1).max(100),
  baseModel: z.string().min(1).max(200).nullable(),
  languages: z.array(code).min(1).max(40),
  capabilities: z.array(z.enum(['chat', 'code', 'reasoning', 'tools', 'embedding'])).min(1),
};

/** What is known of a built-in model beside what its file says. */
export const BuiltInFacts = z.strictObject(facts);

/** A repository of GGUF files on the hub; which of its files is installed, is chosen when it is looked at. */
export const CuratedRepository = z.strictObject({
  ...facts,
  repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  name: z.string().min(1).max(120),
  description: z.string().min(1).max(400),
  license: z.string().min(1).max(60),
  parameters: z.int().positive(),
  contextLength: z.int().positive(),
});
