import type { Token } from 'node-llama-cpp';
import type { EngineEvent, GenerateRequest } from '../../../domain/engine.js';
import { AnswerText } from './answer-text.js';
import type { Sequence } from './batches.js';
import { Failure, throwIfCancelled } from './failure.js';
import { chunkTokens, type Room } from './contexts.js';
import type { LoadedModel } from './loaded-model.js';
import type { TokenSampler } from './native.js';

type Request = Omit<GenerateRequest, 'model'>;
type Emit = (event: EngineEvent) => void;

/** JSON grammars allow blanks at the end, and some models write them for ever. */
const grammarStop = '\n\n\n\n';

/** Fewer are evaluated as fast together with what follows them. */
const minHeadTokens = 8;

/** The grammar would be in another state than the prefix: see `replay`. */
class PrefixLost extends Error {}

/** One answer, from its messages to its last event. */
export async function generate(loaded: LoadedModel, request: Request, signal: AbortSignal, emit: Emit): Promise<void> {
  const promptTokens = loaded.prompt.tokens(request.messages);
  const { contextTokens } = loaded;
  if (promptTokens.length >= contextTokens)
    throw new Failure('invalid', 'inference.prompt-too-long', 'The conversation is longer than the model can read.', {
      promptTokens: promptTokens.length,
      contextTokens,
    });
  const room = await loaded
    .contexts(request.adapters)
    .enter(Math.min(contextTokens, promptTokens.length + request.sampler.maxTokens));
  const work: Work = { loaded, room, request, signal, emit };
  try {
    await attempt(work, promptTokens, prefixTokens(loaded, request));
  } catch (error) {
    if (!(error instanceof PrefixLost)) throw error;
    emit({ type: 'restart', reason: 'grammar' });
    await attempt(work, promptTokens, []);
  } finally {
    room.leave();
  }
}

interface Work {
  loaded: LoadedModel;
  room: Room;
  request: Request;
  signal: AbortSignal;
  emit: Emit;
}

async function attempt(work: Work, prompt: Token[], prefix: Token[]): Promise<void> {
  const { loaded, room, request, signal, emit } = work;
  const { temperature, maxTokens } = request.sampler;
  const { contextTokens: limit } = loaded;
  // A grammar follows the tokens one by one, whatever was asked for.
  const exact = request.grammar !== undefined || (request.continuation ?? 'exact') === 'exact';
  const exactPrefix = exact && (request.prefix?.tokenIds.length ?? 0) > 0 ? prefix : [];
  const replayed = exactPrefix.length > 0;
  const tokens = [...prompt, ...prefix];
  const head = headOf(loaded, request, prompt);
  // The cache of the very same answer was made in the right order, but its random numbers were drawn elsewhere.
  const minShared = !replayed ? 0 : temperature === 0 && !request.grammar ? prompt.length + 1 : Infinity;
  const lease = await room.sequences.acquire(tokens, minShared, head);
  const { sequence, cachedTokens } = lease;
  const cachedPromptTokens = Math.min(cachedTokens, prompt.length);
  try {
    emit({ type: 'prompt', promptTokens: prompt.length, cachedTokens: cachedPromptTokens });
    const finish = (reason: 'stop' | 'length', completionTokens: number) =>
      emit({ type: 'finish', reason, promptTokens: prompt.length, cachedPromptTokens, completionTokens });
    if (prefix.length >= maxTokens || tokens.length >= limit) return finish('length', 0);

    const evaluated = replayed ? Math.max(prompt.length, cachedTokens + 1) : tokens.length;
    const text = answerText(loaded, request, prefix);
    const chunks = chunksOf(tokens.slice(cachedTokens, evaluated), head - cachedTokens);
    const sampler = await loaded.sampler(request.sampler, request.grammar);
    let steps: Steps | undefined;
    try {
      steps = await start(work, sequence, chunks, sampler);
      let next = await replay(work, steps, tokens.slice(evaluated));
      for (let completionTokens = 0; ;) {
        throwIfCancelled(signal);
        if (loaded.model.isEogToken(next)) {
          report(emit, text.end());
          return finish('stop', completionTokens);
        }
        completionTokens++;
        report(emit, text.push(next));
        if (text.stopped) return finish('stop', completionTokens);
        const full = sequence.tokens.length >= limit - 1;
        if (full || prefix.length + completionTokens >= maxTokens) {
          report(emit, text.end());
          return finish('length', completionTokens);
        }
        next = await steps.after(next);
      }
    } finally {
      steps?.leave();
      sampler.dispose();
    }
  } finally {
    lease.release();
  }
}

interface Steps {
  first: Token;
  /** Evaluates a token, and draws the one after it. */
  after(token: Token): Promise<Token>;
  /** No more of them; see `Batches`. */
  leave(): void;
}

/**
 * The tokens of the system message that are worth keeping for the next conversation. They are a chunk of their own, kept
 * or not, because the sums must be made in the same order either way.
 */
function headOf({ prompt }: LoadedModel, { messages }: Request, tokens: Token[]): number {
  const head = prompt.headOf(tokens, messages);
  return head >= minHeadTokens && head < tokens.length ? head : 0;
}

function chunksOf(tokens: Token[], head: number): Token[][] {
  if (head > 0) return [...chunksOf(tokens.slice(0, head), 0), ...chunksOf(tokens.slice(head), 0)];
  const chunks = [];
  for (let done = 0; done < tokens.length; done += chunkTokens) chunks.push(tokens.slice(done, done + chunkTokens));
  return chunks;
}

/** Evaluates a prompt chunk by chunk, in step with the answers that run; the last chunk draws the first new token. */
async function start(
  { room, signal }: Work,
  sequence: Sequence,
  chunks: Token[][],
  sampler: TokenSampler,
): Promise<Steps> {
  const { batches, promptTurn } = room;
  for (const tokens of chunks.slice(0, -1))
    await promptTurn.run(async () => {
      throwIfCancelled(signal);
      const leave = batches.enter();
      await batches.step({ sequence, tokens, sampler: null }).finally(leave);
    });
  return promptTurn.run(async () => {
    throwIfCancelled(signal);
    const leave = batches.enter();
    try {
      const first = await batches.step({ sequence, tokens: chunks.at(-1)!, sampler });
      return { first, after: (token) => batches.step({ sequence, tokens: [token], sampler }), leave };
    } catch (error) {
      leave();
      throw error;
    }
  });
}

/**
 * Puts the prefix back one token at a time, as it came about: the sums are made in the same order and the same random
 * numbers are drawn, so the answer goes on as it would have without the cut. What is drawn on the way is dropped;
 * with a grammar it has to be the prefix, because the grammar follows what is drawn.
 */
async function replay({ request, signal }: Work, steps: Steps, prefix: Token[]): Promise<Token> {
  let next = steps.first;
  for (const token of prefix) {
    throwIfCancelled(signal);
    if (request.grammar && next !== token) throw new PrefixLost();
    next = await steps.after(token);
  }
  return next;
}

function prefixTokens(loaded: LoadedModel, { prefix }: Request): Token[] {
  if (!prefix) return [];
  return prefix.tokenIds.length > 0 ? (prefix.tokenIds as Token[]) : loaded.model.tokenize(prefix.text, false);
}

function answerText(loaded: LoadedModel, request: Request, prefix: Token[]): AnswerText {
  const stop = [...(request.stop ?? []), ...loaded.prompt.stop, ...(request.grammar ? [grammarStop] : [])];
  const detokenize = (tokens: number[], recent: number[]) => loaded.detokenize(tokens as Token[], recent as Token[]);
  return new AnswerText(detokenize, stop, prefix);
}

function report(emit: Emit, chunk: { text: string; tokenIds: number[] } | null): void {
  if (chunk) emit({ type: 'token', ...chunk });
}
