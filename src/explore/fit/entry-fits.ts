import { Injectable } from '@nestjs/common';
import type { FitView } from '../contracts/index.js';
import { noMachine } from '../domain/errors.js';
import { ModelFiles } from '../persistence/model-files.js';
import type { EntryMemory } from '../search/entry-memory.js';
import { SPARE_BYTES } from '../sources/model-download.js';
import { Capacity } from './capacity.js';
import { USUAL_QUANTIZATION } from './estimated-facts.js';
import { judge, usableBytes } from './judge.js';

/** What of an entry's row says whether it fits. */
interface Measured {
  memory: EntryMemory | null;
  file_bytes: string | null;
  quantization: string | null;
  installed_as: string | null;
}

/** Room for a model, as a search compares it with what entries need. */
export interface Room {
  memoryBytes: number;
  /** For a file that is not there. */
  fileBytes: number;
  /** Tokens of context that a conversation needs there at least. */
  tokens: number;
  sequences: number;
}

/** Below that a model is of no use; the engine's own measure. */
const LEAST_TOKENS = 512;
/** What the browser's engine for GGUF takes at most, and the context that it begins with; as the web client judges. */
const browser = { memoryBytes: 4 * 2 ** 30, fileBytes: 2 * 2 ** 30, tokens: 4096, sequences: 1 };

/** Says of the entries of a list whether they fit, by what stands in the catalogue: nothing is read for it. */
@Injectable()
export class EntryFits {
  constructor(
    private readonly capacity: Capacity,
    private readonly files: ModelFiles,
  ) {}

  /** How to judge, by what the machine was a moment ago. */
  async lately(): Promise<(entry: Measured) => FitView | null> {
    const [machine, freeBytes] = await Promise.all([this.capacity.lately(), this.files.freeBytes()]);
    return ({ memory, file_bytes, quantization, installed_as }) => {
      if (!memory || file_bytes === null) return null;
      const { exact, ...facts } = memory;
      const sizeBytes = Number(file_bytes);
      const as = exact || quantization ? undefined : USUAL_QUANTIZATION;
      const needBytes = installed_as === null ? sizeBytes + SPARE_BYTES : 0;
      return judge({ sizeBytes, facts, exact, as }, machine, { needBytes, freeBytes });
    };
  }

  /** Throws `explore.no-machine`. */
  async onServer(): Promise<Room> {
    const [machine, freeBytes] = await Promise.all([this.capacity.lately(), this.files.freeBytes()]);
    if (!machine) throw noMachine();
    const { parallel: sequences, contextTokens } = machine;
    const fileBytes = Math.max(0, freeBytes - SPARE_BYTES);
    return { memoryBytes: usableBytes(machine), fileBytes, tokens: Math.min(LEAST_TOKENS, contextTokens), sequences };
  }
}

/** Room in a browser that tells so much of itself. */
export const roomInBrowser = (memoryBytes = Infinity, storageBytes = Infinity): Room => ({
  ...browser,
  memoryBytes: Math.min(browser.memoryBytes, memoryBytes),
  fileBytes: Math.min(browser.fileBytes, storageBytes),
});
