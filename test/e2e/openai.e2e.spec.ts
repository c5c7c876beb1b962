import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UsageView } from '../../src/admin/contracts/index.js';
import { apiKey } from '../support/parley.js';
import { startTiny, type TinyServer, until } from '../support/tiny-server.js';

let server: TinyServer;
let openai: OpenAI;
beforeAll(async () => {
  server = await startTiny();
  openai = new OpenAI({ baseURL: `${server.parley.url}/v1`, apiKey, maxRetries: 0 });
});
afterAll(() => server.parley.dispose());

const model = 'tiny';
const messages = [{ role: 'user' as const, content: 'Hello?' }];
const sentence = 'Hello from the tiny test model.';

describe('the official OpenAI client', () => {
  it('lists and retrieves models', async () => {
    const { data } = await openai.models.list();
    expect(data.map((entry) => entry.id)).toEqual([model]);
  });

  it('completes a chat', async () => {
    const completion = await openai.chat.completions.create({ model, messages, temperature: 0 });
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } });
    expect(completion.choices[0]?.message.content?.trim()).toBe(sentence);
    expect(completion.usage?.completion_tokens).toBeGreaterThan(0);
  });

  it('streams a chat, with usage at the end', async () => {
    const stream = await openai.chat.completions.create({
      model,
      messages,
      stream: true,
      temperature: 0,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    const reasons: (string | null)[] = [];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]) reasons.push(chunk.choices[0].finish_reason);
      usage ??= chunk.usage;
    }
    expect(text.trim()).toBe(sentence);
    expect(reasons.at(-1)).toBe('stop');
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  });

  it('takes a stop text and a token limit', async () => {
    const stopped = await openai.chat.completions.create({ model, messages, temperature: 0, stop: ' tiny' });
    expect(stopped.choices[0]?.message.content?.trim()).toBe('Hello from the');
    const cut = await openai.chat.completions.create({ model, messages, temperature: 0, max_tokens: 2 });
    expect(cut.choices[0]?.finish_reason).toBe('length');
  });

  it.each([
    [{ model: 'nobody/knows', messages }, 404, 'inference.unknown-model'],
    [{ model, messages: [] }, 400, 'platform.invalid-request'],
    [{ model, messages, n: 2 }, 400, 'inference.unsupported-parameter'],
    [{ model, messages: [{ role: 'user' as const, content: 'x '.repeat(50_000) }] }, 400, 'inference.prompt-too-long'],
  ])('gets errors in OpenAI’s shape (%#)', async (body, status, code) => {
    const error = await openai.chat.completions.create(body).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status, code });
  });

  it('is refused without a key', async () => {
    const stranger = new OpenAI({ baseURL: `${server.parley.url}/v1`, apiKey: 'pk_wrong', maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toMatchObject({ status: 401 });
  });

  it('frees the engine when it leaves', async () => {
    const abort = new AbortController();
    const stream = await openai.chat.completions.create({ model, messages, stream: true }, { signal: abort.signal });
    for await (const _chunk of stream) {
      abort.abort();
      break;
    }
    const after = await openai.chat.completions.create({ model, messages, temperature: 0 });
    expect(after.choices[0]?.message.content?.trim()).toBe(sentence);
  });
});

describe('usage of the API', () => {
  const used = async () => {
    const { sources } = await server.client.get<UsageView>('/api/admin/usage?days=2');
    return sources.find(({ source }) => source === 'api')!;
  };

  it('is counted: requests, tokens, waits, and callers who left', async () => {
    // What came before is stored within a moment; from then on the figures stay.
    const before = await until(async () => {
      const first = await used();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return (await used()).answers === first.answers && first.answers > 0 && first;
    });
    const whole = await openai.chat.completions.create({ model, messages, temperature: 0 });
    const stream = await openai.chat.completions.create({ model, messages, temperature: 0, stream: true });
    for await (const _chunk of stream) stream.controller.abort();
    const after = await until(async () => {
      const now = await used();
      return now.answers === before.answers + 2 && now;
    });
    expect(after.completionTokens).toBeGreaterThanOrEqual(before.completionTokens + whole.usage!.completion_tokens);
    expect(after.promptTokens).toBeGreaterThanOrEqual(before.promptTokens + whole.usage!.prompt_tokens);
    expect(after.timeToFirstToken.answers).toBeGreaterThan(before.timeToFirstToken.answers);
    expect(JSON.stringify(await server.client.get('/api/admin/events?type=inference.completions.'))).not.toContain(
      'tiny test',
    );
  });
});
