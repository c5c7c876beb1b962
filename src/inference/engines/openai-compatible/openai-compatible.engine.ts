import { DomainError } from '@app/kernel';
import { Engine, type EngineEvent, type EngineModel, type GenerateRequest } from '../../domain/engine.js';
import { cancelled } from '../cancelled.js';
import { parseChunk, type ChatChunk, type Usage } from './chat-chunk.js';
import { readSse } from './sse.js';
import { UpstreamError } from './upstream-error.js';
import { translate, UpstreamHttp, type UpstreamBody } from './upstream-http.js';

export interface OpenAiCompatibleOptions {
  /** Up to and including the version, e.g. `http://127.0.0.1:11434/v1`. */
  baseUrl: string;
  apiKey?: string | undefined;
  /** What people call this upstream. */
  name?: string;
  /** The longest silence of the upstream, before and within an answer. Default 120 s. */
  idleTimeoutMs?: number;
  /** Default 10 s. */
  connectTimeoutMs?: number;
  /** Connections, and so answers, at the same time. Default 256. */
  connections?: number;
  /** Further tries before the first token. Default 2. */
  retries?: number;
  /** Default 10 s. */
  maxRetryPauseMs?: number;
  /** The upstream goes on with a last message of the assistant (vLLM's `continue_final_message`). Default no. */
  continuesPrefix?: boolean;
  /** The upstream knows `top_k` and `min_p` (vLLM, llama-server, OpenRouter); OpenAI's own refuses them. Default no. */
  extendedSampler?: boolean;
  /** How long a list of models is kept. Default 60 s. */
  modelsMs?: number;
}

const maxJsonBytes = 16 * 2 ** 20;
/** Rough, for upstreams that report no usage. */
const charactersPerToken = 4;

/** Any server that speaks OpenAI's chat completions: OpenRouter, Ollama, vLLM, llama-server and many more. */
export class OpenAiCompatibleEngine extends Engine {
  readonly name = 'openai-compatible';
  readonly takesAdapters = false;
  readonly continuesPrefix: boolean;
  readonly #http: UpstreamHttp;
  /** Some upstreams refuse `stream_options`; then usage is estimated. */
  #asksForUsage = true;
  #models: { at: number; list: Promise<EngineModel[]> } | undefined;

  constructor(private readonly options: OpenAiCompatibleOptions) {
    super();
    this.continuesPrefix = options.continuesPrefix ?? false;
    this.#http = new UpstreamHttp({
      baseUrl: options.baseUrl,
      apiKey: options.apiKey,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      idleTimeoutMs: options.idleTimeoutMs ?? 120_000,
      connections: options.connections ?? 256,
      retries: options.retries ?? 2,
      maxRetryPauseMs: options.maxRetryPauseMs ?? 10_000,
    });
  }

  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent, void, void> {
    if (request.adapters?.length)
      throw new DomainError('invalid', 'inference.adapters-not-supported', 'An upstream takes no adapters from here.');
    const lost = request.prefix !== undefined && request.prefix.text !== '' && !this.continuesPrefix;
    if (lost) yield { type: 'restart', reason: 'upstream-cannot-continue' };
    const { first, rest } = await this.#open(request, signal);
    let text = '';
    let chunks = 0;
    let finish: ChatChunk['finish'] = null;
    let usage: Usage | null = null;
    try {
      for (let chunk: ChatChunk | undefined = first; chunk; chunk = (await rest.next()).value ?? undefined) {
        finish = chunk.finish ?? finish;
        usage = chunk.usage ?? usage;
        if (chunk.text === '') continue;
        chunks++;
        text += chunk.text;
        yield { type: 'token', text: chunk.text, tokenIds: [] };
      }
    } catch (error) {
      throw translate(error, signal);
    } finally {
      await rest.return();
    }
    if (signal.aborted) throw cancelled(signal.reason);
    // A stream that just ends was cut, however politely.
    if (finish === null) throw UpstreamError.ofProtocol('the answer has no end');
    yield {
      type: 'finish',
      reason: finish,
      ...(usage ?? { promptTokens: estimatePrompt(request), cachedPromptTokens: 0, completionTokens: chunks }),
    };
  }

  async embed(model: string, texts: string[], signal?: AbortSignal): Promise<number[][]> {
    const answer = await this.#http.request('POST', '/embeddings', { model, input: texts }, signal, readJson);
    const { data } = answer as { data?: { index?: number; embedding?: unknown }[] };
    const vectors = data?.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0)).map(({ embedding }) => embedding);
    if (vectors?.length !== texts.length || !vectors.every(isVector))
      throw UpstreamError.ofProtocol('the embeddings are incomplete');
    return vectors;
  }

  async countTokens(): Promise<number> {
    throw new DomainError('invalid', 'inference.not-supported', 'An upstream does not count tokens.');
  }

  async models(): Promise<EngineModel[]> {
    const known = this.#models;
    if (known && performance.now() - known.at < (this.options.modelsMs ?? 60_000)) return known.list;
    const list = this.#http.request('GET', '/models', undefined, undefined, readJson).then(modelsOf);
    const asked = { at: performance.now(), list };
    this.#models = asked;
    // A failure is not kept; whoever asked hears of it.
    list.catch(() => {
      if (this.#models === asked) this.#models = undefined;
    });
    return list;
  }

  /** The upstream manages its own memory. */
  async unload(): Promise<void> {}

  /** It has none. */
  async unloadAdapter(): Promise<void> {}

  async close(): Promise<void> {
    await this.#http.close();
  }

  /** Resolves at the first token, so that all before it can be tried again. */
  async #open(request: GenerateRequest, signal: AbortSignal): Promise<{ first: ChatChunk; rest: Chunks }> {
    const asksForUsage = this.#asksForUsage;
    const open = (withUsage: boolean) =>
      this.#http.request('POST', '/chat/completions', this.#body(request, withUsage), signal, firstToken);
    try {
      return await open(asksForUsage);
    } catch (error) {
      const said = error instanceof DomainError ? error.details?.['upstreamMessage'] : undefined;
      if (!asksForUsage || typeof said !== 'string' || !said.includes('stream_options')) throw error;
      this.#asksForUsage = false;
      return open(false);
    }
  }

  #body({ model, messages, sampler, stop, grammar, prefix }: GenerateRequest, withUsage: boolean): object {
    const continued = this.continuesPrefix && prefix && prefix.text !== '';
    return {
      model,
      messages: continued ? [...messages, { role: 'assistant', content: prefix.text }] : messages,
      ...(continued && { continue_final_message: true, add_generation_prompt: false }),
      stream: true,
      ...(withUsage && { stream_options: { include_usage: true } }),
      temperature: sampler.temperature,
      top_p: sampler.topP,
      seed: sampler.seed,
      max_tokens: continued ? Math.max(1, sampler.maxTokens - prefix.tokenIds.length) : sampler.maxTokens,
      ...(this.options.extendedSampler && { top_k: sampler.topK, min_p: sampler.minP }),
      ...(stop && stop.length > 0 && { stop }),
      ...(grammar && {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answer', strict: true, schema: grammar.jsonSchema },
        },
      }),
    };
  }
}

type Chunks = AsyncGenerator<ChatChunk, void, void>;

async function* chunksOf(body: UpstreamBody): Chunks {
  for await (const data of readSse(body)) yield parseChunk(data);
}

async function firstToken(body: UpstreamBody): Promise<{ first: ChatChunk; rest: Chunks }> {
  const rest = chunksOf(body);
  for (;;) {
    const { value, done } = await rest.next();
    if (done) throw UpstreamError.ofProtocol('the answer is empty');
    if (value.text !== '' || value.finish !== null) return { first: value, rest };
  }
}

async function readJson(body: UpstreamBody): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxJsonBytes) throw UpstreamError.ofProtocol('the answer is too long');
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    throw UpstreamError.ofProtocol('the answer is no JSON');
  }
}

function modelsOf(answer: unknown): EngineModel[] {
  const { data } = answer as { data?: { id?: unknown; name?: unknown; context_length?: unknown }[] };
  if (!Array.isArray(data)) throw UpstreamError.ofProtocol('the list of models is missing');
  return data.flatMap(({ id, name, context_length: context }) =>
    typeof id !== 'string'
      ? []
      : [
          {
            id,
            name: typeof name === 'string' ? name : id,
            contextLength: Number.isSafeInteger(context) ? (context as number) : null,
            sizeBytes: null,
          },
        ],
  );
}

const isVector = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((number) => typeof number === 'number');

const estimatePrompt = ({ messages }: GenerateRequest) =>
  Math.ceil(messages.reduce((sum, { content }) => sum + content.length, 0) / charactersPerToken);
