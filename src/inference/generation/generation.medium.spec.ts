import { setImmediate as nextTurn } from 'node:timers/promises';
import { DomainError, newId } from '@app/kernel';
import { MessageBus, runAs } from '@app/messaging';
import { Database } from '@app/persistence';
import { freshFolder } from '@app/testing';
import type { TestingModule } from '@nestjs/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatModule } from '../../chat/chat.module.js';
import {
  DeleteConversation,
  GetAnswer,
  GetConversation,
  RetryAnswer,
  SendMessage,
  StartConversation,
  StopAnswer,
} from '../../chat/contracts/index.js';
import { type GenerationEvent, StreamGeneration } from '../contracts/index.js';
import { ScriptedEngine, startInference, whole } from '../inference.fixture.js';
import { CompactedLogs } from '../persistence/compacted-logs.js';

const prompt = [
  { role: 'system', content: 'You are a helpful assistant.' },
  { role: 'user', content: 'Hello?' },
];
const owner = { userId: newId(), role: 'user' } as const;

let dataDir: string;
let module: TestingModule;
let engine: ScriptedEngine;
let bus: MessageBus;

async function boot(): Promise<void> {
  module = await startInference(dataDir, engine, [ChatModule]);
  bus = module.get(MessageBus, { strict: false });
}

beforeEach(async () => {
  dataDir = mkdtempSync(`${tmpdir()}/parley-generation-`);
  await freshFolder(`${dataDir}/db`);
  engine = new ScriptedEngine();
  await boot();
});
afterEach(async () => {
  await module.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const asOwner = <T>(work: () => T): T => runAs({ actor: owner }, work);

async function ask(text = 'Hello?') {
  return asOwner(async () => {
    const { id: conversationId } = await bus.execute(new StartConversation({}));
    const sent = await bus.execute(new SendMessage({ conversationId, text }));
    const { generationId } = await bus.query(new GetAnswer({ conversationId, messageId: sent.answer.id }));
    return { ...sent, conversationId, messageId: sent.answer.id, generationId };
  });
}

async function follow(generationId: string, after = 0): Promise<{ text: string; events: GenerationEvent[] }> {
  const events: GenerationEvent[] = [];
  let text = '';
  for await (const event of bus.stream(new StreamGeneration({ generationId, after }))) {
    events.push(event);
    if (event.type === 'token') text += event.text;
    if (event.type === 'restart') text = '';
  }
  return { text, events };
}

const doneOf = (events: GenerationEvent[]) => events.find((event) => event.type === 'done');
const sequences = (events: GenerationEvent[]) =>
  events.flatMap((event) => ('sequence' in event ? [event.sequence] : []));

/** The conversation once the answer is final in it. */
async function settled(conversationId: string, messageId: string) {
  for (;;) {
    const conversation = await asOwner(() => bus.query(new GetConversation({ conversationId })));
    const answer = conversation.messages.find((message) => message.id === messageId);
    if (answer && answer.status !== 'pending') return { conversation, answer };
    await nextTurn();
  }
}

describe('the life of an answer', () => {
  it('is asked for, streamed from the log, and stored with what made it', async () => {
    const { generationId, conversationId, messageId } = await ask();
    const { text, events } = await follow(generationId);
    expect(text).toBe(whole(5));
    expect(doneOf(events)).toMatchObject({ status: 'complete', error: null });
    const { answer, conversation } = await settled(conversationId, messageId);
    expect(answer).toMatchObject({ text, status: 'complete', model: 'm' });
    expect(answer.metadata).toMatchObject({
      engine: 'llama-cpp',
      modelDigest: 'd',
      promptTokens: 7,
      completionTokens: 5,
      finishReason: 'stop',
      continuations: 0,
    });
    expect(answer.metadata?.timeToFirstTokenMs).toBeGreaterThanOrEqual(0);
    expect(conversation.title).toBe('Hello?');
    expect(engine.requests[0]?.messages).toEqual(prompt);
  });

  it('gives any number of readers, early or late, the same text for one generation', async () => {
    engine.words = 40;
    engine.beforeWord = () => nextTurn();
    const { generationId } = await ask();
    const early = Array.from({ length: 50 }, () => follow(generationId));
    await early[0];
    const late = Array.from({ length: 50 }, () => follow(generationId));
    for (const { text, events } of await Promise.all([...early, ...late])) {
      expect(text).toBe(whole(40));
      expect(sequences(events)).toEqual([...new Set(sequences(events))].sort((a, b) => a - b));
    }
    expect(engine.requests).toHaveLength(1);
  });

  it('goes on behind any sequence number without gap or repeat', async () => {
    engine.words = 30;
    engine.beforeWord = () => nextTurn();
    const { generationId } = await ask();
    const { events } = await follow(generationId);
    const tokens = events.filter((event) => event.type === 'token');
    for (const { sequence } of tokens) {
      const before = tokens.filter((event) => event.sequence <= sequence).map((event) => event.text);
      expect(before.join('') + (await follow(generationId, sequence)).text).toBe(whole(30));
    }
  });

  it('is continued from the log after its process was told to end', async () => {
    const reached = Promise.withResolvers<void>();
    engine.beforeWord = async (word, _request, signal) => {
      if (word !== 3) return;
      reached.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    const { generationId, conversationId, messageId } = await ask();
    await reached.promise;
    await module.close();
    engine = new ScriptedEngine();
    await boot();
    const { text, events } = await follow(generationId);
    expect(text).toBe(whole(5));
    expect(sequences(events)).toEqual([...new Set(sequences(events))].sort((a, b) => a - b));
    expect(engine.requests[0]?.prefix).toEqual({ text: 'w1 w2 ', tokenIds: [1, 2] });
    expect(engine.requests[0]?.continuation).toBe('exact');
    const { answer } = await settled(conversationId, messageId);
    expect(answer.metadata).toMatchObject({ continuations: 1, continuationMode: 'exact', completionTokens: 5 });
  });

  it('survives the engine dying under it', async () => {
    let crashes = 0;
    engine.beforeWord = async (word) => {
      if (word === 3 && crashes++ === 0) throw new DomainError('unavailable', 'inference.engine-crashed', 'gone');
    };
    const { generationId } = await ask();
    const { text, events } = await follow(generationId);
    expect(text).toBe(whole(5));
    expect(doneOf(events)).toMatchObject({ metadata: { continuations: 1 } });
    expect(engine.requests[1]?.prefix?.tokenIds).toEqual([1, 2]);
  });

  it('fails with the code of the engine when trying again does not help', async () => {
    engine.beforeWord = async () => {
      throw new DomainError('unavailable', 'inference.engine-crashed', 'The engine died.');
    };
    const { generationId, conversationId, messageId } = await ask();
    const { events } = await follow(generationId);
    expect(doneOf(events)).toMatchObject({ status: 'failed', error: { code: 'inference.engine-crashed' } });
    expect(engine.requests).toHaveLength(3);
    expect((await settled(conversationId, messageId)).answer).toMatchObject({ status: 'failed', text: '' });
  });

  it('fails with a clear code for a model that is not there', async () => {
    const { conversationId, message } = await asOwner(async () => {
      const { id } = await bus.execute(new StartConversation({}));
      return {
        conversationId: id,
        ...(await bus.execute(new SendMessage({ conversationId: id, text: 'hi', model: 'no' }))),
      };
    });
    const conversation = await asOwner(() => bus.query(new GetConversation({ conversationId })));
    const answerId = conversation.messages.find((candidate) => candidate.parentId === message.id)!.id;
    const { answer } = await settled(conversationId, answerId);
    expect(answer).toMatchObject({ status: 'failed', error: { code: 'inference.unknown-model' } });
  });

  it('stops with what was said until then', async () => {
    const reached = Promise.withResolvers<void>();
    engine.beforeWord = async (word, _request, signal) => {
      if (word !== 3) return;
      reached.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    const { generationId, conversationId, messageId } = await ask();
    await reached.promise;
    await asOwner(() => bus.execute(new StopAnswer({ conversationId, messageId })));
    const { text, events } = await follow(generationId);
    expect(text).toBe('w1 w2 ');
    expect(doneOf(events)).toMatchObject({ status: 'stopped', metadata: { finishReason: 'stopped' } });
    expect((await settled(conversationId, messageId)).answer).toMatchObject({ status: 'stopped', text });
  });

  it('tells who waits their place, and stops those without ever starting them', async () => {
    const open = Promise.withResolvers<void>();
    engine.beforeWord = () => open.promise;
    const running = [await ask('one'), await ask('two')];
    const waiting = [await ask('three'), await ask('four')];
    const places = await Promise.all(
      waiting.map(async ({ generationId }) => {
        for await (const event of bus.stream(new StreamGeneration({ generationId, after: 0 }))) return event;
      }),
    );
    expect(places).toEqual([
      { type: 'status', status: { phase: 'queued', position: 0 } },
      { type: 'status', status: { phase: 'queued', position: 1 } },
    ]);
    const { conversationId, messageId } = waiting[0]!;
    await asOwner(() => bus.execute(new StopAnswer({ conversationId, messageId })));
    expect((await settled(conversationId, messageId)).answer).toMatchObject({ status: 'stopped', text: '' });
    open.resolve();
    for (const { generationId } of [...running, waiting[1]!]) expect((await follow(generationId)).text).toBe(whole(5));
    expect(engine.requests).toHaveLength(3);
  });

  it('is tried again beside the first, with the same prompt', async () => {
    const { conversationId, messageId, generationId } = await ask();
    await follow(generationId);
    await settled(conversationId, messageId);
    const second = await asOwner(() => bus.execute(new RetryAnswer({ conversationId, messageId })));
    const { conversation } = await settled(conversationId, second.id);
    expect(conversation.messages.filter((message) => message.role === 'assistant')).toHaveLength(2);
    expect(engine.requests[1]?.messages).toEqual(prompt);
  });

  it('goes when its conversation is deleted, running or not', async () => {
    const reached = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    engine.beforeWord = async (word, _request, signal) => {
      if (word !== 2) return;
      reached.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended.resolve();
    };
    const { conversationId } = await ask();
    await reached.promise;
    await asOwner(() => bus.execute(new DeleteConversation({ conversationId })));
    await ended.promise;
    await expect(asOwner(() => bus.query(new GetConversation({ conversationId })))).rejects.toMatchObject({
      code: 'chat.conversation-not-found',
    });
    const db = module.get(Database, { strict: false });
    for (;;) {
      if ((await db.query(`SELECT 1 FROM inference.generation_chunks`)).length === 0) break;
      await nextTurn();
    }
  });

  it('is one row some time after its end, and is read from there as before', async () => {
    engine.words = 30;
    // Longer than a group commit: an entry of the log for nearly each word.
    engine.beforeWord = () => new Promise((resolve) => setTimeout(resolve, 45));
    const { generationId, conversationId, messageId } = await ask();
    const before = await follow(generationId);
    const { answer } = await settled(conversationId, messageId);
    const parts = await Promise.all(sequences(before.events).map((after) => follow(generationId, after)));
    const logs = module.get(CompactedLogs, { strict: false });
    expect(await logs.compact()).toBe(0);
    expect(await logs.compact(0)).toBe(1);
    const db = module.get(Database, { strict: false });
    expect(await db.query(`SELECT 1 FROM inference.generation_chunks`)).toEqual([]);
    const after = await follow(generationId);
    expect(after.text).toBe(answer.text);
    expect(doneOf(after.events)).toEqual(doneOf(before.events));
    expect(sequences(after.events)).toEqual([...new Set(sequences(after.events))].sort((a, b) => a - b));
    for (const [index, sequence] of sequences(before.events).entries()) {
      const rest = await follow(generationId, sequence);
      expect(rest.text).toBe(parts[index]!.text);
      expect(sequences(rest.events).every((one) => one > sequence)).toBe(true);
    }
    await asOwner(() => bus.execute(new DeleteConversation({ conversationId })));
    await expect.poll(() => db.query(`SELECT 1 FROM inference.compacted_logs`)).toEqual([]);
  });

  it('leaves no word of it in the events when its conversation is deleted', async () => {
    const { conversationId, messageId } = await ask('A question of mine');
    await settled(conversationId, messageId);
    const db = module.get(Database, { strict: false });
    const words = async () =>
      (await db.query(`SELECT 1 FROM platform.events WHERE data::text ~ 'question of mine|w1 w2'`, [])).length;
    expect(await words()).toBeGreaterThan(2);
    await asOwner(() => bus.execute(new DeleteConversation({ conversationId })));
    await expect.poll(words).toBe(0);
  });

  it('is nobody else’s business', async () => {
    const { conversationId, messageId } = await ask();
    const stranger = <T>(work: () => T) => runAs({ actor: { userId: newId(), role: 'admin' } }, work);
    await expect(stranger(() => bus.query(new GetConversation({ conversationId })))).rejects.toMatchObject({
      code: 'chat.conversation-not-found',
    });
    await expect(stranger(() => bus.query(new GetAnswer({ conversationId, messageId })))).rejects.toMatchObject({
      code: 'chat.message-not-found',
    });
  });
});
