import { newId } from '@app/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationView, MessageView } from '../../src/chat/contracts/index.js';
import { type Client, HttpError, Reader, type StreamEvent } from '../support/client.js';
import { apiKey } from '../support/parley.js';
import { startTiny, type TinyServer, until } from '../support/tiny-server.js';

let server: TinyServer;
let client: Client;
beforeAll(async () => {
  server = await startTiny({ env: { CHAT_MAX_MESSAGE_CHARS: '1000' } }, { kind: 'random', seed: 3 });
  client = server.client;
});
afterAll(() => server.parley.dispose());

const greedy = { temperature: 0, maxTokens: 60 };
const failure = async (work: Promise<unknown>) =>
  work.then(
    () => ({ status: 200, code: undefined }),
    (error: HttpError) => ({ status: error.status, code: error.body.code }),
  );
async function collect(events: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const all: StreamEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
const settled = (answer: MessageView) =>
  until(async () => {
    const { messages } = await client.conversation(answer.conversationId);
    const found = messages.find((message) => message.id === answer.id);
    return found?.status !== 'pending' && found;
  });
const read = (answer: MessageView) => new Reader().read(async () => client, answer);

describe('a conversation over HTTP', () => {
  it('is started, answered, read, renamed, listed and deleted', async () => {
    const { id } = await client.start();
    const { message, answer } = await client.send(id, { text: 'Tell me something.', sampler: greedy });
    expect(message).toMatchObject({ role: 'user', status: 'complete', parentId: null });
    expect(answer).toMatchObject({ role: 'assistant', status: 'pending', parentId: message.id });

    const reader = await read(answer);
    expect(reader.breaches).toEqual([]);
    const stored = await settled(answer);
    expect(stored).toMatchObject({ status: 'complete', text: reader.text, model: 'tiny' });
    expect(stored.metadata).toMatchObject({ engine: 'llama-cpp', completionTokens: 60, finishReason: 'length' });
    expect(stored.metadata?.modelDigest).toMatch(/^[0-9a-f]{64}$/);

    await client.request('PATCH', `/api/conversations/${id}`, { title: 'Renamed' });
    const { items } = await client.get<{ items: ConversationView[] }>('/api/conversations?q=renam');
    expect(items.map((item) => item.title)).toEqual(['Renamed']);
    await client.request('DELETE', `/api/conversations/${id}`);
    expect(await failure(client.conversation(id))).toEqual({ status: 404, code: 'chat.conversation-not-found' });
  });

  it('is sent and answered in one request, which is taken up on the stream when it breaks', async () => {
    const { id: conversationId } = await client.start();
    const body = { id: newId(), text: 'All at once', sampler: greedy };
    const seen: StreamEvent[] = [];
    for await (const event of client.ask(conversationId, body)) {
      seen.push(event);
      if (event.event === 'token') break;
    }
    expect(seen[0]).toMatchObject({ event: 'sent', data: { message: { id: body.id }, answer: { status: 'pending' } } });
    const { answer } = seen[0]!.data as unknown as { answer: MessageView };
    const { id: last, data } = seen.at(-1)!;
    let text = data['text'] as string;
    for await (const event of client.stream(answer, last)) if (event.event === 'token') text += event.data['text'];
    expect(await settled(answer)).toMatchObject({ status: 'complete', text });

    const again = await collect(client.ask(conversationId, body));
    expect(again[0]).toMatchObject({ event: 'sent', data: { answer: { id: answer.id, text } } });
    expect(again.flatMap(({ event, data: { text: part } }) => (event === 'token' ? [part] : [])).join('')).toBe(text);
    expect(again.at(-1)).toMatchObject({ event: 'done', data: { status: 'complete' } });
    const refused = collect(client.ask(conversationId, { text: '' }));
    expect(await failure(refused)).toEqual({ status: 400, code: 'chat.empty-message' });
  });

  it('follows up on the whole path and keeps siblings of a retry', async () => {
    const { id } = await client.start();
    const first = await client.send(id, { text: 'One', sampler: greedy });
    await read(first.answer);
    await settled(first.answer);
    const second = await client.send(id, { text: 'Two', sampler: greedy });
    expect(second.message.parentId).toBe(first.answer.id);
    await read(second.answer);
    await settled(second.answer);
    const again = await client.post<MessageView>(`/api/conversations/${id}/messages/${second.answer.id}/retry`, {
      sampler: greedy,
    });
    const reader = await read(again);
    expect((await settled(again)).text).toBe(reader.text);
    const { messages } = await client.conversation(id);
    expect(messages.filter((message) => message.parentId === second.message.id)).toHaveLength(2);
  });

  it('is the same stream in two tabs, and in a hundred', async () => {
    const { id } = await client.start();
    const { answer } = await client.send(id, { text: 'Everybody listen', sampler: { ...greedy, maxTokens: 300 } });
    const readers = await Promise.all(Array.from({ length: 100 }, () => read(answer)));
    const { text } = await settled(answer);
    expect(new Set(readers.map((reader) => reader.text))).toEqual(new Set([text]));
    expect(readers.flatMap((reader) => reader.breaches)).toEqual([]);
  });

  it('is sent once, however often the client says so', async () => {
    const id = newId();
    const starts = await Promise.all(Array.from({ length: 5 }, () => client.start({ id })));
    expect(new Set(starts.map((started) => JSON.stringify(started)))).toHaveProperty('size', 1);
    const message = { id: newId(), text: 'Only once', sampler: greedy };
    const sent = await Promise.all(Array.from({ length: 5 }, () => client.send(id, message)));
    const [one] = sent;
    expect(new Set(sent.map(({ answer }) => answer.id))).toEqual(new Set([one!.answer.id]));
    expect((await client.conversation(id)).messages).toHaveLength(2);
    await read(one!.answer);
  });

  it('stops, and keeps what was said', async () => {
    const { id } = await client.start();
    const { answer } = await client.send(id, { text: 'Go on and on', sampler: { ...greedy, maxTokens: 1000 } });
    for await (const event of client.stream(answer)) if (event.event === 'token') break;
    await client.post(`/api/conversations/${id}/messages/${answer.id}/stop`);
    const stored = await settled(answer);
    // The tiny model may have been quicker than the request to stop.
    expect(['stopped', 'complete']).toContain(stored.status);
    expect((await read(answer)).text).toBe(stored.text);
  });

  it('pages through the list without losing or repeating one', async () => {
    for (let number = 0; number < 7; number++) await client.start({ title: `Paged ${number}` });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor ? `&cursor=${cursor}` : '';
      const page: { items: ConversationView[]; nextCursor: string | null } = await client.get(
        `/api/conversations?limit=3&q=paged${query}`,
      );
      seen.push(...page.items.map((item) => item.title));
      cursor = page.nextCursor;
    }
    expect(seen.toSorted()).toEqual(Array.from({ length: 7 }, (_, number) => `Paged ${number}`));
  });

  it('belongs to its owner', async () => {
    const { id } = await client.start();
    const { answer } = await client.send(id, { text: 'Mine', sampler: greedy });
    const signUp = await fetch(`${server.parley.url}/api/auth/sign-up`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'other@example.org', password: 'another password' }),
    });
    const { accessToken } = (await signUp.json()) as { accessToken: string };
    const { Client } = await import('../support/client.js');
    const stranger = new Client(server.parley.url, accessToken);
    expect(await failure(stranger.conversation(id))).toEqual({ status: 404, code: 'chat.conversation-not-found' });
    const theirs = new Reader().read(async () => stranger, answer);
    expect(await failure(theirs)).toEqual({ status: 404, code: 'chat.message-not-found' });
    expect(await failure(new Client(server.parley.url, 'pk_wrong').start())).toMatchObject({ status: 401 });
  });
});

describe('bad input', () => {
  const post = (id: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
    fetch(`${server.parley.url}/api/conversations/${id}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': type },
      body,
    }).then(async (response) => ({
      status: response.status,
      contentType: response.headers.get('content-type'),
      ...((await response.json()) as { code: string }),
    }));

  it.each([
    ['an empty message', JSON.stringify({ text: ' \n' }), 400, 'chat.empty-message'],
    ['an over-long message', JSON.stringify({ text: 'x'.repeat(1001) }), 413, 'chat.message-too-long'],
    ['half a character', '{"text":"\\ud800"}', 400, 'platform.invalid-text'],
    ['broken JSON', '{"text":', 400, 'platform.invalid-json'],
    ['something else than UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe]), 400, 'platform.invalid-encoding'],
    ['a body over the limit', JSON.stringify({ text: 'x'.repeat(1_100_000) }), 413, 'platform.body-too-large'],
    ['a wrong shape', JSON.stringify({ text: 5 }), 400, 'platform.invalid-request'],
  ])('%s gets a problem with a code', async (_name, body, status, code) => {
    const { id } = await client.start();
    const problem = await post(id, body);
    expect(problem).toMatchObject({ status, code });
    expect(problem.contentType).toContain('application/problem+json');
    expect((await client.conversation(id)).messages).toEqual([]);
  });

  it('an unknown model fails the answer with its code', async () => {
    const { id } = await client.start();
    const { answer } = await client.send(id, { text: 'hi', model: 'nobody/knows' });
    expect((await read(answer)).done).toMatchObject({ status: 'failed', error: { code: 'inference.unknown-model' } });
    expect(await settled(answer)).toMatchObject({ status: 'failed', error: { code: 'inference.unknown-model' } });
  });

  it('leaves the server up', async () => {
    expect((await fetch(`${server.parley.url}/readyz`)).status).toBe(200);
  });
});
