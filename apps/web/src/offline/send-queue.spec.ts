import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { v7 as newId } from 'uuid';
import { describe, expect, it } from 'vitest';
import { Problem } from '../api/problem.js';
import type { ConversationView, MessageView, SentMessage } from '../api/views.js';
import type { BrowserRun } from '../engines/files/database.js';
import { dropQueued, enqueue, loadQueue, nextOf, overlaid, overlaidList, type Queued, updateQueued } from './queue.js';
import { sendQueue, type Sending } from './send-queue.js';

const at = '2026-11-21T10:00:00.000Z';
const run = {
  model: 'Tiny',
  modelDigest: 'a',
  adapterDigests: [],
  startedAt: at,
  finishedAt: at,
} as unknown as BrowserRun;
const said = (conversationId: string, parentId: string | null, text: string): MessageView => ({
  ...{ id: newId(), conversationId, parentId, role: 'user', text, status: 'complete', runsIn: 'server' },
  ...{ model: null, error: null, metadata: null, createdAt: at },
});
const answerTo = (message: MessageView): MessageView => ({
  ...said(message.conversationId, message.id, `answer to ${message.text}`),
  ...{ role: 'assistant', runsIn: 'browser', model: 'Tiny' },
});
const turn = (message: MessageView) => ({
  kind: 'turn' as const,
  message,
  answer: answerTo(message),
  run,
  ended: true,
});

interface Room {
  title: string;
  messages: Map<string, MessageView>;
  changes: Set<string>;
  deleted: boolean;
  into: string | null;
}
interface Body {
  [key: string]: unknown;
  message: MessageView;
}

/** What the server promises (ADR 16), in few words: `src/chat/offline-merge.medium.spec.ts` holds the real one to it. */
class ModelServer {
  readonly rooms = new Map<string, Room>();
  /** How often a message was stored: never more than once. */
  readonly stored = new Map<string, number>();

  room(id: string, title = ''): Room {
    const room: Room = { title, messages: new Map(), changes: new Set(), deleted: false, into: null };
    this.rooms.set(id, room);
    return room;
  }

  request: Sending['request'] = async (method, path, given) => {
    const body = (given ?? {}) as Body;
    const [, , , id = '', what] = path.split('/');
    if (path === '/api/conversations') return void (this.rooms.get(body.id as string) ?? this.room(body.id as string));
    const room = this.rooms.get(id);
    if (!room) throw new Problem(404, 'chat.conversation-not-found', 'no');
    if (what === 'browser-turns') return this.turn(id, body);
    if (room.deleted) throw new Problem(404, 'chat.conversation-not-found', 'no');
    if (method === 'PATCH') {
      if (!room.changes.has(body.changeId as string)) room.title = body.title as string;
      room.changes.add(body.changeId as string);
    } else this.remove(room, (body.known as string[] | undefined) ?? [...room.messages.keys()]);
    return undefined;
  };

  private turn(meant: string, body: Body): SentMessage {
    const answerId = body.messageId as string;
    const trace = [meant];
    for (let next = this.rooms.get(meant)!.into; next; next = this.rooms.get(next)!.into) trace.push(next);
    let id = trace.at(-1)!;
    const gone = trace.filter((one) => this.rooms.get(one)!.deleted);
    if (!this.rooms.get(id)!.messages.has(answerId) || this.rooms.get(id)!.deleted) {
      if (gone.some((one) => this.rooms.get(one)!.messages.has(answerId)))
        throw new Problem(404, 'chat.message-deleted', 'gone');
    }
    if (this.rooms.get(id)!.deleted) id = this.recover(this.rooms.get(id)!);
    const room = this.rooms.get(id)!;
    const { message } = body;
    const known = (parent: string | null) => (parent !== null && room.messages.has(parent) ? parent : null);
    if (message.parentId !== null && id === meant && !known(message.parentId))
      throw new Problem(404, 'chat.message-not-found', 'no parent');
    const question = { ...message, conversationId: id, parentId: known(message.parentId) };
    if (!room.messages.has(message.id)) this.store(room, question);
    const answer = { ...message, id: answerId, conversationId: id, parentId: message.id, text: body.text as string };
    if (!room.messages.has(answerId)) this.store(room, { ...answer, role: 'assistant', status: 'complete' });
    return { message: question, answer };
  }

  private recover(room: Room): string {
    room.into = newId();
    this.room(room.into, `Recovered: ${room.title}`);
    return room.into;
  }

  private remove(room: Room, known: string[]): void {
    const seen = new Set<string>();
    for (const id of known)
      for (let next: string | null = id; next && !seen.has(next); next = room.messages.get(next)?.parentId ?? null)
        seen.add(next);
    const kept = new Set<string>();
    for (const { id, role, parentId } of room.messages.values())
      if (!seen.has(id)) [id, ...(role === 'assistant' ? [parentId!] : [])].forEach((one) => kept.add(one));
    room.deleted = true;
    if (kept.size === 0) return;
    const id = this.recover(room);
    const into = this.rooms.get(id)!;
    for (const message of room.messages.values()) {
      if (!kept.has(message.id)) continue;
      const parentId = message.parentId !== null && into.messages.has(message.parentId) ? message.parentId : null;
      into.messages.set(message.id, { ...message, conversationId: id, parentId });
    }
  }

  private store(room: Room, message: MessageView): void {
    room.messages.set(message.id, message);
    this.stored.set(message.id, (this.stored.get(message.id) ?? 0) + 1);
  }

  /** What a device sees. */
  views(): ConversationView[] {
    return [...this.rooms].flatMap(([id, { title, messages, deleted }]) =>
      deleted ? [] : [{ id, title, createdAt: at, updatedAt: at, messages: [...messages.values()] }],
    );
  }
}

const cut = () => new Problem(0, 'network.unreachable', 'cut');

/** A connection that breaks as told: before the request arrives, or after, when the reply is lost. */
function sendingTo(
  server: ModelServer,
  cuts: ('none' | 'before' | 'after')[],
  settled: Sending['settled'] = () => undefined,
): Sending {
  return {
    sign: async () => 'signature',
    settled,
    async request(method, path, body) {
      const how = cuts.shift() ?? 'none';
      // Others come in between.
      await new Promise((resolve) => setImmediate(resolve));
      if (how === 'before') throw cut();
      const reply = await server.request(method, path, body);
      if (how === 'after') throw cut();
      return reply;
    },
  };
}

const step = fc.record({
  device: fc.nat({ max: 2 }),
  act: fc.constantFrom('say', 'say', 'say', 'start', 'rename', 'delete', 'look', 'send', 'send', 'two tabs'),
  pick: fc.nat({ max: 30 }),
  cuts: fc.array(fc.constantFrom('none' as const, 'none' as const, 'before' as const, 'after' as const), {
    maxLength: 4,
  }),
});

describe('what devices did offline', () => {
  it('converges in any order, with any cuts and two tabs: nothing is lost or doubled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const server = new ModelServer();
        const first = newId();
        server.room(first);
        // One person; the queues are kept apart as those of three browsers are.
        const devices = Array.from({ length: 3 }, () => ({ owner: newId(), seen: server.views() }));
        /** Every message that anybody wrote, and what it follows. */
        const everything = new Map<string, string | null>();
        const removed = new Set<string>();
        const send = async (owner: string, cuts: ('none' | 'before' | 'after')[]) =>
          sendQueue(owner, sendingTo(server, cuts)).catch((error: unknown) => {
            if (!(error instanceof Problem && error.unreachable)) throw error;
          });
        for (const { device: index, act, pick, cuts } of steps) {
          const device = devices[index]!;
          const { owner } = device;
          const queue = await loadQueue(owner);
          // As the page shows it: what the server said last, and what waits.
          const begun = queue.flatMap(({ conversationId, change }) =>
            change.kind === 'start'
              ? [{ id: conversationId, title: '', createdAt: at, updatedAt: at, messages: [] }]
              : [],
          );
          const shown = [...device.seen, ...begun].flatMap((one) => overlaid(one, queue) ?? []);
          const here = shown[pick % Math.max(1, shown.length)];
          if (act === 'send') await send(owner, cuts);
          else if (act === 'two tabs') await Promise.all([send(owner, cuts), send(owner, cuts)]);
          else if (act === 'look') device.seen = queue.length === 0 ? server.views() : device.seen;
          else if (act === 'start') {
            const id = newId();
            const change = turn(said(id, null, `new ${pick}`));
            for (const { id: one, parentId } of [change.message, change.answer]) everything.set(one, parentId);
            await enqueue(owner, id, [{ kind: 'start' }, change]);
          } else if (!here) continue;
          else if (act === 'rename') await enqueue(owner, here.id, [{ kind: 'rename', title: `title ${pick}` }]);
          else if (act === 'delete') {
            const known = here.messages.map(({ id }) => id);
            // Whoever knows a message knows those before it, also when the page has not asked for them again.
            for (const one of known)
              for (let next: string | null = one; next; next = everything.get(next) ?? null) removed.add(next);
            await enqueue(owner, here.id, [{ kind: 'delete', known }]);
          } else {
            const answers = here.messages.filter(({ role }) => role === 'assistant').map(({ id }) => id);
            const parent = [null, ...answers][pick % (answers.length + 1)]!;
            const change = turn(said(here.id, parent, `say ${pick}`));
            for (const { id: one, parentId } of [change.message, change.answer]) everything.set(one, parentId);
            await enqueue(owner, here.id, [change]);
          }
        }
        for (const { owner } of devices) {
          await send(owner, []);
          expect(await loadQueue(owner)).toEqual([]);
        }
        expect([...server.stored].filter(([id, count]) => count > 1 && !removed.has(id))).toEqual([]);
        const there = server.views().flatMap(({ messages }) => messages.map(({ id }) => id));
        expect(new Set(there).size).toBe(there.length);
        expect([...everything.keys()].filter((id) => !removed.has(id) && !there.includes(id))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('leaves its order: a conversation, what was said, what followed', async () => {
    const [owner, id, server] = [newId(), newId(), new ModelServer()];
    const one = turn(said(id, null, 'one'));
    const two = turn(said(id, one.answer.id, 'two'));
    await enqueue(owner, id, [{ kind: 'start' }, one, two, { kind: 'rename', title: 'Kept' }]);
    const settled: string[] = [];
    await sendQueue(
      owner,
      sendingTo(server, [], ({ change }) => void settled.push(change.kind)),
    );
    expect(settled).toEqual(['start', 'turn', 'turn', 'rename']);
    expect(server.views()).toMatchObject([{ title: 'Kept', messages: [{}, {}, { parentId: one.answer.id }, {}] }]);
  });

  it('stays with the reason when it is refused, and holds back only what follows it', async () => {
    const [owner, id, server] = [newId(), newId(), new ModelServer()];
    server.room(id);
    const lost = turn(said(id, newId(), 'follows what nobody has'));
    const after = turn(said(id, lost.answer.id, 'and this follows that'));
    const other = turn(said(id, null, 'something else'));
    await enqueue(owner, id, [lost, after, other]);
    await sendQueue(owner, sendingTo(server, []));
    const left = await loadQueue(owner);
    expect(left.map(({ refused }) => refused?.code)).toEqual(['chat.message-not-found', undefined]);
    expect(server.views()[0]!.messages.map(({ text }) => text)).toEqual(['something else', 'answer to something else']);
    // Tried again by hand, it is asked for again; dropped, it frees what it held back to be refused itself.
    await updateQueued(left[0]!.seq, (known) => ({ ...known, refused: null }));
    await sendQueue(owner, sendingTo(server, []));
    expect((await loadQueue(owner))[0]!.refused?.code).toBe('chat.message-not-found');
    await dropQueued(left[0]!.seq);
    await sendQueue(owner, sendingTo(server, []));
    expect((await loadQueue(owner)).map(({ refused }) => refused?.code)).toEqual(['chat.message-not-found']);
  });

  it.each([
    [503, 'http.503'],
    [429, 'platform.too-many-requests'],
    [401, 'auth.unauthenticated'],
    [409, 'platform.stream-changed'],
    [409, 'chat.answer-pending'],
  ])('waits after %i %s', async (status, code) => {
    const [owner, id] = [newId(), newId()];
    await enqueue(owner, id, [turn(said(id, null, 'wait'))]);
    const busy = sendingTo(new ModelServer(), []);
    busy.request = () => Promise.reject(new Problem(status, code, 'later'));
    await expect(sendQueue(owner, busy)).rejects.toMatchObject({ code });
    expect((await loadQueue(owner))[0]!.refused).toBeNull();
  });

  it('is not sent before the answer has its end, nor what follows it', async () => {
    const id = newId();
    const open = { ...turn(said(id, null, 'one')), ended: false };
    const follows = turn(said(id, open.answer.id, 'two'));
    await enqueue('writer', id, [open, follows]);
    expect(nextOf(await loadQueue('writer'))).toBeUndefined();
  });
});

describe('the page without the server', () => {
  const queued = (conversationId: string, change: Queued['change'], seq = 1): Queued => ({
    ...{ seq, id: newId(), ownerId: 'ada', conversationId, madeAt: at, change, refused: null },
  });

  it('shows what waits over what was kept', () => {
    const kept: ConversationView = {
      id: 'c',
      title: 'Old',
      createdAt: at,
      updatedAt: at,
      messages: [said('c', null, 'one')],
    };
    const more = turn(said('c', null, 'two'));
    const shown = overlaid(kept, [queued('c', more), queued('c', { kind: 'rename', title: 'New' }), queued('d', more)]);
    expect([shown?.title, shown?.messages.map(({ text }) => text)]).toEqual(['New', ['one', 'two', 'answer to two']]);
    expect(overlaid(kept, [queued('c', { kind: 'delete', known: [] })])).toBeNull();
  });

  it('lists conversations that began here, and none that were deleted here', () => {
    const items = [
      { id: 'a', title: 'A', createdAt: at, updatedAt: at },
      { id: 'b', title: 'B', createdAt: at, updatedAt: at },
    ];
    const begun = queued('n', { kind: 'start' });
    const list = overlaidList(items, [
      { ...begun, madeAt: '2026-11-21T11:00:00.000Z' },
      queued('n', turn(said('n', null, 'Hello\nthere'))),
      queued('a', { kind: 'delete', known: [] }),
      queued('b', { kind: 'rename', title: 'Bee' }),
    ]);
    expect(list.map(({ title }) => title)).toEqual(['Hello', 'Bee']);
  });
});
