import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { AdapterUse } from '../../../domain/engine.js';
import { Batches } from './batches.js';
import { Mutex } from './mutex.js';
import { nativeContext } from './native.js';
import { SequencePool } from './sequence-pool.js';

/** Prompt tokens evaluated at once: between two chunks a request can be cancelled and other answers go on. */
export const chunkTokens = 256;
/** The first context: a cache for the model's full length would take far more memory than most conversations need. */
const firstTokens = 2048;

export interface ContextSettings {
  /** The most tokens of one sequence. */
  limit: number;
  sequences: number;
  threads: number;
  /** The library has them a context: what is remembered of a conversation is so never mixed with another adapter's. */
  adapters: readonly AdapterUse[];
  /** The native library has finished a batch. */
  onStep(): void;
}

/** A context of several sequences, and the order in which they use it. */
export interface Room {
  sequences: SequencePool;
  batches: Batches;
  /**
   * One chunk of a prompt at a time: a batch then never splits a chunk, so a prompt is summed in the same order
   * whatever else runs, and the same request gives the same answer.
   */
  promptTurn: Mutex;
  leave(): void;
}

interface Entry extends Omit<Room, 'leave'> {
  context: LlamaContext;
  guests: number;
  /** Called when the last one has left. */
  left?: () => void;
}

/** The context of a model with one set of adapters; a request that needs a longer one gets it, and the shorter one goes when it is empty. */
export class Contexts {
  readonly #model: LlamaModel;
  readonly #settings: ContextSettings;
  readonly #change = new Mutex();
  /** All that are not disposed of. */
  readonly #entries = new Set<Entry>();
  #current: Entry;

  private constructor(model: LlamaModel, settings: ContextSettings, first: Entry) {
    this.#model = model;
    this.#settings = settings;
    this.#current = first;
    this.#entries.add(first);
  }

  static async create(model: LlamaModel, settings: ContextSettings): Promise<Contexts> {
    const first = await createEntry(model, settings, Math.min(firstTokens, settings.limit));
    return new Contexts(model, settings, first);
  }

  /** The most tokens of prompt and answer together. */
  get limit(): number {
    return this.#settings.limit;
  }

  /** A context whose sequences hold so many tokens; to be left after use. */
  async enter(tokens: number): Promise<Room> {
    const entry = await this.#change.run(async () => {
      if (tokens > this.#current.context.contextSize) await this.#grow(tokens);
      this.#current.guests++;
      return this.#current;
    });
    const { sequences, batches, promptTurn } = entry;
    const leave = () => {
      entry.guests--;
      if (entry.guests === 0) entry.left?.();
      this.#disposeUnused(entry);
    };
    return { sequences, batches, promptTurn, leave };
  }

  /** Waits for those who are in: llama.cpp does not survive that its memory goes while it computes. */
  async dispose(): Promise<void> {
    await this.#change.run(async () => {
      for (const entry of this.#entries) {
        if (entry.guests > 0) await new Promise<void>((resolve) => (entry.left = resolve));
        await entry.context.dispose();
      }
      this.#entries.clear();
    });
  }

  async #grow(tokens: number): Promise<void> {
    let size = this.#current.context.contextSize;
    while (size < tokens) size *= 2;
    const grown = await createEntry(this.#model, this.#settings, Math.min(size, this.limit));
    const before = this.#current;
    this.#current = grown;
    this.#entries.add(grown);
    this.#disposeUnused(before);
  }

  #disposeUnused(entry: Entry): void {
    if (entry === this.#current || entry.guests > 0) return;
    this.#entries.delete(entry);
    entry.context.dispose().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
  }
}

async function createEntry(model: LlamaModel, settings: ContextSettings, contextSize: number): Promise<Entry> {
  const context = await model.createContext({
    contextSize,
    sequences: settings.sequences,
    batchSize: chunkTokens + settings.sequences,
    threads: settings.threads,
    ...(settings.adapters.length > 0 && {
      lora: { adapters: settings.adapters.map(({ adapter: filePath, scale }) => ({ filePath, scale })) },
    }),
    ignoreMemorySafetyChecks: true,
    failedCreationRemedy: false,
  });
  const batches = new Batches(nativeContext(context), settings.onStep);
  const { isHybrid, isRecurrent, swaSize } = model.fileInsights;
  const forgetsLast = !isHybrid && !isRecurrent && swaSize === undefined;
  const sequences = new SequencePool(batches, settings.sequences, forgetsLast);
  return { context, batches, sequences, promptTurn: new Mutex(), guests: 0 };
}
