import { newId } from '@app/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessageView } from '../../src/chat/contracts/index.js';
import { browserRun, signAnswer } from '../support/browser-proof.js';
import { Client, HttpError } from '../support/client.js';
import { startTiny, type TinyServer, until } from '../support/tiny-server.js';

interface Begun {
  message: MessageView;
  answer: MessageView;
  prompt: { role: string; content: string }[];
}

let server: TinyServer;
let client: Client;
beforeAll(async () => {
  server = await startTiny();
  ({ client } = server);
});
afterAll(() => server.parley.dispose());

const answersOf = (id: string) => `/api/conversations/${id}/browser-answers`;
const code = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: HttpError) => error.body.code,
  );
async function begin(text: string, parentId: string | null = null, conversationId = newId()): Promise<Begun> {
  if (parentId === null) await client.start({ id: conversationId });
  const [id, messageId] = [newId(), newId()];
  const body = { messageId, parentId: id, message: { id, text, parentId }, model: 'Tiny' };
  const first = await client.post<Begun>(answersOf(conversationId), body);
  // A reply that was lost: the second time answers the same.
  expect((await client.post<Begun>(answersOf(conversationId), body)).answer).toEqual(first.answer);
  return first;
}
const finish = async ({ answer: { id, conversationId } }: Begun, text: string, proof?: string) =>
  client.post(`${answersOf(conversationId)}/${id}/finish`, {
    ...{ status: 'complete', text, error: null, run: browserRun, proof: proof ?? (await signAnswer(id, text)) },
  });

describe('an answer that a browser makes', () => {
  it('is one of the tree, with engine, digests, counts and signed times, and the server goes on from it', async () => {
    const begun = await begin('Hello browser');
    const { answer, prompt } = begun;
    expect(answer).toMatchObject({ status: 'pending', runsIn: 'browser', model: 'Tiny' });
    expect(prompt.map(({ role }) => role)).toEqual(['system', 'user']);
    const { conversationId } = answer;
    const text = `${answersOf(conversationId)}/${answer.id}/text`;
    await client.post(text, { at: 0, text: 'Hel' });
    await client.post(text, { at: 0, text: 'Hello' });
    const shown = async () => (await client.conversation(conversationId)).messages.find(({ id }) => id === answer.id);
    expect(await shown()).toMatchObject({ status: 'pending', text: 'Hello' });
    expect(await code(client.post(text, { at: 9, text: 'x' }))).toBe('chat.answer-text-missing');

    await finish(begun, 'Hello 🌍');
    await finish(begun, 'Hello 🌍');
    expect(await shown()).toMatchObject({
      ...{ status: 'complete', text: 'Hello 🌍', model: 'Tiny' },
      metadata: {
        ...{ engine: 'browser', modelDigest: browserRun.modelDigest, adapterDigests: browserRun.adapterDigests },
        ...{
          promptTokens: 12,
          completionTokens: 5,
          browser: { runtime: 'mediapipe', startedAt: browserRun.startedAt },
        },
      },
    });

    const next = await client.send(conversationId, { text: 'And now you' });
    expect(next.message.parentId).toBe(answer.id);
    await until(async () => (await client.conversation(conversationId)).messages.at(-1)?.status === 'complete');
    const third = await begin('Back to me', next.answer.id, conversationId);
    expect(third.prompt.map(({ content }) => content)).toContain('Hello 🌍');
    await finish(third, 'Here.');

    const file = await client.get<{ format: string; messages: MessageView[] }>(
      `/api/conversations/${conversationId}/export`,
    );
    expect(file.format).toBe('parley.conversation');
    const engines = file.messages.filter(({ role }) => role === 'assistant').map(({ metadata }) => metadata?.engine);
    expect(engines).toEqual(['browser', 'llama-cpp', 'browser']);
  });

  it('is refused with a signature that is not of that text, and stays to be finished', async () => {
    const begun = await begin('Sign this');
    const proof = await signAnswer(begun.answer.id, 'other words');
    expect(await code(finish(begun, 'these words', proof))).toBe('chat.invalid-proof');
    expect(await code(finish(begun, 'these words'))).toBeNull();
  });

  it('is stopped from elsewhere with what was saved of it, and tried again on the server', async () => {
    const { answer } = await begin('Will be left');
    const path = `/api/conversations/${answer.conversationId}/messages/${answer.id}`;
    await client.post(`${answersOf(answer.conversationId)}/${answer.id}/text`, { at: 0, text: 'Half an' });
    await client.post(`${path}/stop`);
    const { messages } = await client.conversation(answer.conversationId);
    expect(messages.at(-1)).toMatchObject({ status: 'stopped', text: 'Half an' });
    const sibling = await client.post<MessageView>(`${path}/retry`);
    expect(sibling).toMatchObject({ parentId: answer.parentId, runsIn: 'server' });
  });

  it('is nobody else’s', async () => {
    const begun = await begin('Mine');
    const account = { email: 'other@example.org', password: 'another good password', name: 'Other' };
    const { accessToken } = await client.post<{ accessToken: string }>('/api/auth/sign-up', account);
    const other = new Client(client.url, accessToken);
    const { id, conversationId } = begun.answer;
    const text = other.post(`${answersOf(conversationId)}/${id}/text`, { at: 0, text: 'x' });
    expect(await code(text)).toBe('chat.conversation-not-found');
    expect(await code(other.get(`/api/conversations/${conversationId}/export`))).toBe('chat.conversation-not-found');
  });

  it('is counted without its text, once, when it stays in the browser', async () => {
    const body = { answerId: newId(), status: 'complete', run: browserRun };
    await client.post('/api/browser-usage', body);
    await client.post('/api/browser-usage', body);
    const { items } = await client.get<{ items: { type: string; data: Record<string, unknown> }[] }>(
      '/api/admin/events?type=chat.browser-usage.recorded.v1&limit=100',
    );
    expect(items.filter(({ data }) => data['answerId'] === body.answerId)).toHaveLength(1);
  });
});
