import 'fake-indexeddb/auto';
import { v7 as newId } from 'uuid';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../api/problem.js';
import { conversationQuery, conversationsQuery, queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import type { ConversationView, MessageView } from '../api/views.js';
import { retryInBrowser } from '../browser/browser-answers.js';
import { send } from '../chat/outgoing.js';
import type { Engine, EngineEvent } from '../engines/engine.js';
import { answerInstead } from './answer-instead.js';
import { nowOrLater } from './now-or-later.js';
import { loadQueue, updateQueued } from './queue.js';
import { sendWaiting } from './sender.js';
import { waiting } from './waiting.js';

/** The engine itself needs a browser; how its words are kept and sent does not. */
const engine = vi.hoisted(() => ({ words: ['one ', 'two'] }));
vi.mock('../engines/loaded-engine.js', () => ({
  ready: async (): Promise<Pick<Engine, 'generate'>> => ({
    async *generate({ sampler }): AsyncGenerator<EngineEvent> {
      yield { type: 'prompt', promptTokens: 3 };
      for (const text of engine.words) yield { type: 'token', text };
      yield { type: 'finish', reason: 'stop', promptTokens: 3, completionTokens: 2, sampler };
    },
  }),
}));

const user = { id: newId(), email: 'a@b.c', name: '', role: 'user' as const, createdAt: '' };
const digest = 'a'.repeat(64);
const modelId = `browser:wllama:${digest}`;
const refuse = () => Promise.reject(new Problem(403, 'auth.forbidden', 'no'));
const away = () => Promise.reject(new Problem(0, 'network.unreachable', 'away'));

beforeAll(() => {
  vi.stubGlobal('isSecureContext', true);
  const model = {
    id: modelId,
    name: 'Tiny',
    runtime: 'wllama',
    digest,
    sizeBytes: 1,
    contextTokens: 100,
    lora: false,
  };
  queryClient.setQueryDefaults(['models', 'browser'], { staleTime: Infinity });
  queryClient.setQueryData(['models', 'browser'], [model]);
});
beforeEach(() => {
  user.id = newId();
  api.session.set({ status: 'signed-in', user });
  vi.spyOn(api, 'get').mockImplementation(away);
});
afterEach(() => {
  vi.restoreAllMocks();
  waiting.set([]);
});

const ended = (count: number) =>
  vi.waitFor(async () => {
    const queue = await loadQueue(user.id);
    expect(queue.filter(({ change }) => change.kind !== 'turn' || change.ended)).toHaveLength(count);
    return queue;
  }, 5000);
const shown = async (id: string): Promise<ConversationView> =>
  queryClient.fetchQuery({ ...conversationQuery(id), staleTime: 0, retry: false });

describe('a turn without the server', () => {
  it('is stored with its answer, goes on from it, and is sent in order when the server is back', async () => {
    const requests: [string, string, unknown][] = [];
    const json = vi.spyOn(api, 'json').mockImplementation(away);
    const id = newId();
    const common = { conversationId: id, model: modelId, adapter: null };
    send({ ...common, text: 'Hello?', parentId: null, starts: true });
    await ended(2);
    const first = (await shown(id)).messages;
    expect(first.map(({ text, status }) => [text, status])).toEqual([
      ['Hello?', 'complete'],
      ['one two', 'complete'],
    ]);
    send({ ...common, text: 'And then?', parentId: first[1]!.id });
    await ended(3);
    expect((await shown(id)).messages).toHaveLength(4);
    expect(waiting.get()).toHaveLength(3);

    json.mockImplementation((method, path, options) => {
      requests.push([method, path, options?.body]);
      const { message, messageId } = (options?.body ?? {}) as { message: MessageView; messageId: string };
      const sent = { message: { ...message, conversationId: id }, answer: { id: messageId, conversationId: id } };
      return Promise.resolve((path.endsWith('/browser-turns') ? sent : undefined) as never);
    });
    await sendWaiting();
    expect(await loadQueue(user.id)).toEqual([]);
    expect(requests.map(([method, path]) => `${method} ${path.replace(id, ':id')}`)).toEqual([
      'POST /api/conversations',
      'POST /api/conversations/:id/browser-turns',
      'POST /api/conversations/:id/browser-turns',
    ]);
    expect(requests[1]![2]).toMatchObject({
      messageId: first[1]!.id,
      message: { id: first[0]!.id, text: 'Hello?', parentId: null },
      ...{ parentId: first[0]!.id, model: 'Tiny', status: 'complete', text: 'one two', error: null },
      run: { runtime: 'wllama', modelDigest: digest, promptTokens: 3, completionTokens: 2, finishReason: 'stop' },
      proof: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
    });
  });

  it('can be another answer to a question of the server', async () => {
    vi.spyOn(api, 'json').mockImplementation(away);
    const id = newId();
    const at = new Date().toISOString();
    const question: MessageView = {
      ...{ id: newId(), conversationId: id, parentId: null, role: 'user', text: 'Why?', status: 'complete' },
      ...{ runsIn: 'server', model: null, error: null, metadata: null, createdAt: at },
    };
    const answer: MessageView = { ...question, id: newId(), parentId: question.id, role: 'assistant', text: 'So.' };
    const { queryKey } = conversationQuery(id);
    queryClient.setQueryData(queryKey, {
      id,
      title: 'Why?',
      createdAt: at,
      updatedAt: at,
      messages: [question, answer],
    });
    await retryInBrowser(answer, { model: modelId, adapter: null });
    const [turn] = await ended(1);
    expect(turn!.change).toMatchObject({
      kind: 'turn',
      message: question,
      answer: { parentId: question.id, text: 'one two' },
    });
  });

  it('is an ordinary one while the server answers: nothing waits', async () => {
    const id = newId();
    vi.spyOn(api, 'json').mockImplementation((_method, _path, options) => {
      const { messageId, message } = (options?.body ?? {}) as { messageId: string; message: MessageView };
      const view = { ...message, conversationId: id, role: 'user' as const };
      const answer = { ...view, id: messageId, parentId: message?.id, role: 'assistant', status: 'pending' };
      return Promise.resolve({ message: view, answer, prompt: [] } as never);
    });
    send({ conversationId: id, text: 'Hello?', parentId: null, model: modelId, adapter: null, starts: true });
    const finished = () => vi.mocked(api.json).mock.calls.filter(([, path]) => path.endsWith('/finish'));
    await vi.waitFor(() => expect(finished()).toHaveLength(1), 5000);
    expect(finished()[0]![2]?.body).toMatchObject({ status: 'complete', text: 'one two' });
    expect(await loadQueue(user.id)).toEqual([]);
  });

  it('takes titles and deletions, which the page shows at once', async () => {
    vi.spyOn(api, 'json').mockImplementation(away);
    const id = newId();
    send({ conversationId: id, text: 'Hello?', parentId: null, model: modelId, adapter: null, starts: true });
    await ended(2);
    await nowOrLater(id, { kind: 'rename', title: 'Greetings' }, away);
    expect((await shown(id)).title).toBe('Greetings');
    const list = () => queryClient.fetchInfiniteQuery({ ...conversationsQuery(''), staleTime: 0, retry: false });
    expect((await list()).pages[0]!.items).toMatchObject([{ id, title: 'Greetings' }]);
    await nowOrLater(id, { kind: 'delete', known: null }, away);
    await expect(shown(id)).rejects.toMatchObject({ status: 404 });
    expect((await list()).pages[0]!.items).toEqual([]);
    await expect(nowOrLater(newId(), { kind: 'delete', known: null }, refuse)).rejects.toMatchObject({ status: 403 });
  });

  it('waits behind what waits, although the server is back', async () => {
    const json = vi.spyOn(api, 'json').mockImplementation(away);
    const id = newId();
    send({ conversationId: id, text: 'For the server', parentId: null, model: 'm', adapter: null, starts: true });
    const queue = await ended(2);
    expect(queue.map(({ change }) => change.kind)).toEqual(['start', 'say']);
    // Refused before: nothing of it is asked for again until the person says so.
    for (const { seq } of queue) await updateQueued(seq, (one) => ({ ...one, refused: { code: 'x', message: 'no' } }));
    json.mockClear();
    send({ conversationId: id, text: 'More', parentId: null, model: 'm', adapter: null });
    await ended(3);
    expect(json.mock.calls.filter(([, path]) => path.includes(id))).toEqual([]);
  });

  describe('for a model of the server, given to another model', () => {
    const leaveOne = async (refused: { code: string; message: string } | null = null) => {
      const json = vi.spyOn(api, 'json').mockImplementation(away);
      const id = newId();
      send({ conversationId: id, text: 'Who answers?', parentId: null, model: 'm', adapter: null, starts: true });
      const queue = await ended(2);
      const said = queue.find(({ change }) => change.kind === 'say')!;
      if (refused) await updateQueued(said.seq, (one) => ({ ...one, refused }));
      return { id, json, said: (await loadQueue(user.id)).find(({ seq }) => seq === said.seq)! };
    };

    it.each([
      ['that waits', null],
      ['that was refused', { code: 'x', message: 'There is no such model.' }],
    ])('of this browser: a question %s is answered at once, in its place and under its id', async (_, refused) => {
      const { id, said } = await leaveOne(refused);
      await answerInstead(said, modelId, null);
      const [start, turn, ...more] = await ended(2);
      expect([start!.change.kind, more]).toEqual(['start', []]);
      const { message } = said.change as { message: MessageView };
      expect(turn).toMatchObject({
        ...{ seq: said.seq, refused: null },
        change: { kind: 'turn', message: { id: message.id }, answer: { text: 'one two', status: 'complete' } },
      });
      const { messages } = await shown(id);
      expect(messages.map(({ text }) => text)).toEqual(['Who answers?', 'one two']);
    });

    it('of the server: it waits for that one', async () => {
      const { said } = await leaveOne({ code: 'x', message: 'There is no such model.' });
      const adapter = { id: newId(), scale: 0.5 };
      await answerInstead(said, 'other', adapter);
      expect((await loadQueue(user.id))[1]).toMatchObject({
        ...{ seq: said.seq, refused: null },
        change: { kind: 'say', message: { text: 'Who answers?' }, model: 'other', adapter },
      });
    });

    it('changes nothing once it was sent', async () => {
      const { id, json, said } = await leaveOne();
      json.mockImplementation((_method, path) => {
        const message = { ...(said.change as { message: MessageView }).message, conversationId: id };
        const answer = { ...message, id: newId(), parentId: message.id, role: 'assistant', status: 'pending' };
        return Promise.resolve((path.endsWith('/messages') ? { message, answer } : undefined) as never);
      });
      await sendWaiting();
      expect(await loadQueue(user.id)).toEqual([]);
      await expect(answerInstead(said, modelId, null)).rejects.toThrow('sent meanwhile');
      expect(await loadQueue(user.id)).toEqual([]);
    });
  });
});
