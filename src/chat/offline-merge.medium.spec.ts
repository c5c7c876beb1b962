import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigModule, loadConfig } from '@app/config';
import { newId } from '@app/kernel';
import { eventMetadata, MessageBus, MessagingModule, runAs } from '@app/messaging';
import { PersistenceModule } from '@app/persistence';
import { freshFolder } from '@app/testing';
import { Test, type TestingModule } from '@nestjs/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserRun, signAnswer } from '../../test/support/browser-proof.js';
import { ChatModule } from './chat.module.js';
import {
  DeleteConversation,
  FinishBrowserAnswer,
  GetConversation,
  ListConversations,
  type MessageView,
  RecordBrowserTurn,
  RenameConversation,
  SendMessage,
  StartBrowserAnswer,
  StartConversation,
} from './contracts/index.js';

let dataDir: string;
let module: TestingModule;
let bus: MessageBus;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-merge-'));
  await freshFolder(join(dataDir, 'db'));
  module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(loadConfig({ DATA_DIR: dataDir })),
      PersistenceModule.forRoot({ ambient: () => eventMetadata('test') }),
      MessagingModule.forRoot({ service: 'test' }),
      ChatModule,
    ],
  }).compile();
  await module.init();
  bus = module.get(MessageBus, { strict: false });
});
afterAll(async () => {
  await module?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Everybody sees their own conversations: each test is somebody else. */
class Person {
  readonly id = newId();

  as<T>(work: () => Promise<T>): Promise<T> {
    return runAs({ actor: { userId: this.id, role: 'user' } }, work);
  }

  async start(): Promise<string> {
    return (await this.as(() => bus.execute(new StartConversation({ id: newId() })))).id;
  }

  /** A question and its answer, made by a browser without the server. */
  async turn(conversationId: string, parentId: string | null, text = 'q'): Promise<RecordBrowserTurn> {
    const [questionId, messageId] = [newId(), newId()];
    return new RecordBrowserTurn({
      conversationId,
      messageId,
      message: { id: questionId, text, parentId },
      parentId: questionId,
      model: 'Tiny',
      ...{ status: 'complete', text: `a:${text}`, error: null, run: browserRun },
      proof: await signAnswer(messageId, `a:${text}`),
    });
  }

  record(turn: RecordBrowserTurn) {
    return this.as(() => bus.execute(turn));
  }

  remove(conversationId: string, known?: string[]) {
    return this.as(() => bus.execute(new DeleteConversation({ conversationId, known })));
  }

  async all(): Promise<{ id: string; title: string; messages: MessageView[] }[]> {
    const { items } = await this.as(() => bus.query(new ListConversations({ limit: 100 })));
    return Promise.all(items.map(({ id }) => this.as(() => bus.query(new GetConversation({ conversationId: id })))));
  }
}

const codeOf = (work: Promise<unknown>): Promise<string | null> =>
  work.then(
    () => null,
    (error: { code?: string }) => error.code ?? 'unknown',
  );

describe('turns that come from browsers that were offline', () => {
  it('are stored whole, and once however often they come', async () => {
    const person = new Person();
    const turn = await person.turn(await person.start(), null, 'What was said?');
    const first = await person.record(turn);
    expect(first).toMatchObject({
      message: { text: 'What was said?', parentId: null },
      answer: { status: 'complete', text: 'a:What was said?', runsIn: 'browser', metadata: { engine: 'browser' } },
    });
    expect(await person.record(turn)).toEqual(first);
    const [conversation] = await person.all();
    expect([conversation!.title, conversation!.messages.length]).toEqual(['What was said?', 2]);
  });

  it('end an answer whose beginning was told before the connection broke', async () => {
    const person = new Person();
    const turn = await person.turn(await person.start(), null);
    const { conversationId, messageId, message, parentId, model } = turn.data;
    await person.as(() => bus.execute(new StartBrowserAnswer({ conversationId, messageId, message, parentId, model })));
    expect((await person.record(turn)).answer.status).toBe('complete');
    expect((await person.all())[0]!.messages.length).toBe(2);
  });

  it('of two devices are two branches of one conversation', async () => {
    const person = new Person();
    const id = await person.start();
    const { answer } = await person.record(await person.turn(id, null));
    const [left, right] = [await person.turn(id, answer.id, 'left'), await person.turn(id, answer.id, 'right')];
    await person.record(right);
    await person.record(left);
    const messages = (await person.all())[0]!.messages;
    expect(messages.filter(({ parentId }) => parentId === answer.id).map(({ text }) => text)).toEqual([
      'right',
      'left',
    ]);
  });

  it('are refused with a wrong signature, or somebody else’s conversation', async () => {
    const [person, other] = [new Person(), new Person()];
    const turn = await person.turn(await person.start(), null);
    const changed = new RecordBrowserTurn({ ...turn.data, text: 'another' });
    expect(await codeOf(person.record(changed))).toBe('chat.invalid-proof');
    expect(await codeOf(other.record(turn))).toBe('chat.conversation-not-found');
    await person.remove(turn.data.conversationId);
    expect(await codeOf(other.record(turn))).toBe('chat.conversation-not-found');
  });
});

describe('a conversation that one device deletes', () => {
  it('stays deleted; what another device wrote without knowing is kept in a new one, with its order', async () => {
    const person = new Person();
    const id = await person.start();
    const { answer } = await person.record(await person.turn(id, null, 'seen by both'));
    const second = await person.turn(id, answer.id, 'written offline');
    const third = await person.turn(id, second.data.messageId, 'and after that');
    await person.remove(id, [answer.id]);
    const { message } = await person.record(second);
    expect(message).toMatchObject({ parentId: null, text: 'written offline' });
    expect(message.conversationId).not.toBe(id);
    const last = await person.record(third);
    expect(last.message).toMatchObject({ conversationId: message.conversationId, parentId: second.data.messageId });
    expect((await person.all()).map(({ title, messages }) => [title, messages.length])).toEqual([
      ['Recovered: seen by both', 4],
    ]);
    // Sent again because the reply was lost.
    expect(await person.record(third)).toEqual(last);
  });

  it('leads to the same when the deletion comes last', async () => {
    const person = new Person();
    const id = await person.start();
    const { answer } = await person.record(await person.turn(id, null, 'seen by both'));
    const second = await person.turn(id, answer.id, 'written offline');
    await person.record(second);
    await person.record(await person.turn(id, second.data.messageId, 'and after that'));
    await person.remove(id, [answer.id]);
    const all = await person.all();
    expect(all.map(({ title, messages }) => [title, messages.map(({ text }) => text)])).toEqual([
      ['Recovered: seen by both', ['written offline', 'a:written offline', 'and after that', 'a:and after that']],
    ]);
    expect(all[0]!.messages[1]!.metadata?.browser).toBeDefined();
    expect((await person.record(second)).message.conversationId).toBe(all[0]!.id);
  });

  it('takes what it had seen with it, even if that comes again', async () => {
    const person = new Person();
    const turn = await person.turn(await person.start(), null);
    const { answer } = await person.record(turn);
    await person.remove(turn.data.conversationId, [answer.id]);
    expect(await codeOf(person.record(turn))).toBe('chat.message-deleted');
    expect(await person.all()).toEqual([]);
  });

  it('keeps a question for the server’s models as well, once, if its sender asks for that', async () => {
    const person = new Person();
    const id = await person.start();
    await person.remove(id);
    const plain = { conversationId: id, id: newId(), text: 'Is anybody there?', parentId: newId() };
    const send = (ifDeleted: 'refuse' | 'recover') =>
      person.as(() => bus.execute(new SendMessage({ ...plain, ifDeleted })));
    expect(await codeOf(send('refuse'))).toBe('chat.conversation-not-found');
    const { message, answer } = await send('recover');
    expect(message.parentId).toBeNull();
    expect(message.conversationId).not.toBe(id);
    expect((await send('recover')).answer.id).toBe(answer.id);
  });

  it('lets an answer end that a browser was writing', async () => {
    const person = new Person();
    const id = await person.start();
    const { messageId, message, parentId, model, text, run, proof } = (await person.turn(id, null)).data;
    await person.as(() =>
      bus.execute(new StartBrowserAnswer({ conversationId: id, messageId, message, parentId, model })),
    );
    await person.remove(id, []);
    const end = { status: 'complete' as const, text, error: null, run, proof };
    await person.as(() => bus.execute(new FinishBrowserAnswer({ conversationId: id, messageId, ...end })));
    const [conversation] = await person.all();
    expect(conversation!.messages.map(({ status }) => status)).toEqual(['complete', 'complete']);
  });
});

describe('titles', () => {
  it('are those of the last writer; a change that comes again is not a later one', async () => {
    const person = new Person();
    const conversationId = await person.start();
    const rename = (title: string, changeId?: string) =>
      person.as(() => bus.execute(new RenameConversation({ conversationId, title, changeId })));
    const changeId = newId();
    await rename('one', changeId);
    await rename('two', newId());
    await rename('one', changeId);
    expect((await person.all())[0]!.title).toBe('two');
  });
});

interface Known {
  conversationId: string;
  parentId: string | null;
  /** A question is known with its answer, and leads to nothing by itself. */
  answers: boolean;
}
type Change = RecordBrowserTurn | RenameConversation | DeleteConversation;

/** What one device has seen, and what it did that the server has not heard of for sure. */
interface Device {
  known: Map<string, Known>;
  conversations: Set<string>;
  queue: Change[];
}

const step = fc.record({
  device: fc.nat({ max: 2 }),
  act: fc.constantFrom('say', 'say', 'say', 'look', 'send', 'send', 'send, unheard', 'rename', 'delete'),
  pick: fc.nat({ max: 50 }),
});

describe('any order of edits on three devices', () => {
  it(
    'converges: nothing is lost but what its deleter had seen, nothing is there twice',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
          const person = new Person();
          const first = await person.start();
          const devices = Array.from({ length: 3 }, (): Device => ({
            known: new Map(),
            conversations: new Set([first]),
            queue: [],
          }));
          const reached = new Set<string>();
          const gone = new Set<string>();
          const titles = new Map<string, string>();
          const heard = new Set<Change>();

          const send = async ({ queue }: Device, unheard: boolean) => {
            const change = queue[0];
            if (!change) return;
            const code = await codeOf(person.as<unknown>(() => bus.execute<Change>(change)));
            const { conversationId } = change.data;
            if (!heard.has(change)) {
              if (change instanceof RecordBrowserTurn) {
                expect(code).toBeNull();
                [change.data.messageId, change.data.message.id].forEach((id) => reached.add(id));
              } else if (change instanceof RenameConversation) {
                if (code === null) titles.set(conversationId, change.data.title);
              } else if (code === null) {
                for (const known of change.data.known ?? []) gone.add(known);
              }
            }
            heard.add(change);
            if (!unheard) queue.shift();
          };
          const look = async (device: Device) => {
            if (device.queue.length > 0) return;
            device.known.clear();
            device.conversations.clear();
            for (const { id, messages } of await person.all()) {
              device.conversations.add(id);
              for (const { id: messageId, parentId, role } of messages)
                device.known.set(messageId, { conversationId: id, parentId, answers: role === 'assistant' });
            }
          };
          const pickOf = <T>(from: Iterable<T>, pick: number): T | undefined => {
            const all = [...from];
            return all[pick % Math.max(1, all.length)];
          };

          for (const { device: at, act, pick } of steps) {
            const device = devices[at]!;
            const conversationId = pickOf(device.conversations, pick);
            if (act === 'send') await send(device, false);
            else if (act === 'send, unheard') await send(device, true);
            else if (act === 'look') await look(device);
            else if (conversationId === undefined) continue;
            else if (act === 'rename') {
              device.queue.push(new RenameConversation({ conversationId, title: `t${pick}`, changeId: newId() }));
            } else if (act === 'delete') {
              // Every message that it knows: the ends of the branches would do.
              const known = [...device.known].flatMap(([id, one]) =>
                one.conversationId === conversationId ? [id] : [],
              );
              device.queue.push(new DeleteConversation({ conversationId, known }));
              device.conversations.delete(conversationId);
              for (const id of known) device.known.delete(id);
            } else {
              const answers = [...device.known].flatMap(([id, one]) =>
                one.conversationId === conversationId && one.answers ? [id] : [],
              );
              const turn = await person.turn(conversationId, pickOf([null, ...answers], pick) ?? null);
              device.queue.push(turn);
              const { messageId, message } = turn.data;
              device.known.set(message.id, { conversationId, parentId: message.parentId, answers: false });
              device.known.set(messageId, { conversationId, parentId: message.id, answers: true });
            }
          }
          for (const device of devices) while (device.queue.length > 0) await send(device, false);

          const all = await person.all();
          const there = all.flatMap(({ messages }) => messages);
          const ids = new Set(there.map(({ id }) => id));
          expect(ids.size).toBe(there.length);
          expect([...reached].filter((id) => !gone.has(id) && !ids.has(id))).toEqual([]);
          // What was deleted is gone, but for the question of an answer that was not known to who deleted it.
          const questions = new Set(there.flatMap(({ role, parentId }) => (role === 'assistant' ? [parentId] : [])));
          expect([...gone].filter((id) => ids.has(id) && !questions.has(id))).toEqual([]);
          for (const { id, title, messages } of all) {
            const here = new Set(messages.map((message) => message.id));
            expect(messages.every(({ parentId }) => parentId === null || here.has(parentId))).toBe(true);
            expect(messages.every(({ role, parentId }) => role === 'user' || parentId !== null)).toBe(true);
            if (titles.has(id)) expect(title).toBe(titles.get(id));
          }
          for (const device of devices) await look(device);
          expect(new Set(devices.map(({ known }) => JSON.stringify([...known]))).size).toBe(1);
        }),
        { numRuns: 100 },
      );
    },
  );
});
