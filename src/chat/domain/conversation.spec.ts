import { newId } from '@app/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Conversation, type ConversationEvent } from './conversation.js';
import { titleOf } from './title.js';

const owner = newId();
const order = () => ({ answerId: newId(), generationId: newId(), model: null, sampler: {} });
const say = (text: string, parentId?: string | null) => ({ id: newId(), text, parentId, maxCharacters: 100 });
const start = () => Conversation.start(newId(), owner, null);
const finish = (conversation: Conversation, messageId: string) =>
  conversation.finishAnswer({ messageId, status: 'complete', text: 'yes', error: null, metadata: null });
const types = (conversation: Conversation) => conversation.pending.map((event) => event.type);
const code = (fn: () => unknown) => {
  try {
    fn();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return undefined;
};

describe('a conversation', () => {
  it('stores the message, asks for an answer and takes its title from the first message', () => {
    const conversation = start();
    conversation.send(say('What is a monad?'), order());
    expect(types(conversation)).toEqual([
      'chat.conversation.started.v1',
      'chat.message.sent.v1',
      'chat.answer.requested.v1',
      'chat.conversation.renamed.v1',
    ]);
  });

  it('follows the newest answer when no parent is named', () => {
    const conversation = start();
    const first = order();
    conversation.send(say('one'), first);
    finish(conversation, first.answerId);
    conversation.send(say('two'), order());
    const sent = conversation.pending.filter((event) => event.type === 'chat.message.sent.v1');
    expect(sent.map((event) => event.data.parentId)).toEqual([null, first.answerId]);
  });

  it('refuses a message while the answer before it is being written', () => {
    const conversation = start();
    conversation.send(say('one'), order());
    expect(code(() => conversation.send(say('two'), order()))).toBe('chat.answer-pending');
  });

  it.each([
    ['   ', 'chat.empty-message'],
    ['x'.repeat(101), 'chat.message-too-long'],
    ['a\ud800b', 'chat.invalid-text'],
    ['a\0b', 'chat.invalid-text'],
  ])('refuses %j', (text, expected) => {
    expect(code(() => start().send(say(text), order()))).toBe(expected);
  });

  it('hides from everybody but its owner, and from the owner once deleted', () => {
    const conversation = start();
    expect(code(() => conversation.requireOwner(newId()))).toBe('chat.conversation-not-found');
    conversation.requireOwner(owner).delete();
    expect(code(() => conversation.requireOwner(owner))).toBe('chat.conversation-not-found');
  });

  it('retries beside an answer, not beside a question', () => {
    const conversation = start();
    const [question, first, second] = [say('one'), order(), order()];
    conversation.send(question, first);
    conversation.retry(first.answerId, second);
    expect(conversation.pending.at(-1)?.data).toMatchObject({ messageId: second.answerId, parentId: question.id });
    expect(code(() => conversation.retry(question.id, order()))).toBe('chat.not-an-answer');
  });

  it('takes the first end of an answer and no other, whatever the order of the facts', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('stop', 'finish', 'rename', 'delete'), { maxLength: 12 }), (actions) => {
        const conversation = start();
        const answer = order();
        conversation.send(say('one'), answer);
        for (const action of actions) {
          if (action === 'stop') conversation.stop(answer.answerId);
          if (action === 'finish') finish(conversation, answer.answerId);
          if (action === 'rename') conversation.rename('new');
          if (action === 'delete') conversation.delete();
        }
        const finished = conversation.pending.filter((event) => event.type === 'chat.answer.finished.v1');
        expect(finished.length).toBeLessThanOrEqual(1);
        const replayed = new Conversation(conversation.id).load(conversation.pending as ConversationEvent[]);
        expect(replayed.version).toBe(conversation.pending.length);
      }),
    );
  });
});

describe('an answer that a browser writes', () => {
  const begin = () => {
    const conversation = start();
    const [question, id] = [newId(), newId()];
    const message = { id: question, text: 'one', parentId: null, maxCharacters: 100 };
    conversation.startBrowserAnswer({ id, parentId: question, model: 'tiny' }, message);
    return { conversation, question, id };
  };
  const end = (messageId: string, text: string) => ({
    ...{ messageId, status: 'complete' as const, text, error: null, metadata: null },
  });

  it('is stored with its question, and asks nobody on the server', () => {
    expect(types(begin().conversation)).toEqual([
      'chat.conversation.started.v1',
      'chat.message.sent.v1',
      'chat.browser-answer.started.v1',
      'chat.conversation.renamed.v1',
    ]);
  });

  it('grows by each piece once, in whatever way pieces are sent again', () => {
    const text = 'abcdefghij';
    const cut = fc.tuple(fc.nat(10), fc.nat(10)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(fc.array(cut), (cuts) => {
        const { conversation, id } = begin();
        for (const [from, to] of cuts) {
          const refused = code(() => conversation.growBrowserAnswer(id, from, text.slice(from, to)));
          expect([undefined, 'chat.answer-text-missing']).toContain(refused);
        }
        const pieces = conversation.pending.flatMap((event) =>
          event.type === 'chat.browser-answer.grew.v1' ? [event.data.text] : [],
        );
        expect(text.startsWith(pieces.join(''))).toBe(true);
      }),
    );
  });

  it('is stopped with what was saved of it, when its browser is gone', () => {
    const { conversation, id } = begin();
    conversation.growBrowserAnswer(id, 0, 'Hel');
    conversation.stop(id);
    expect(conversation.pending.at(-1)?.data).toMatchObject({ status: 'stopped', text: 'Hel' });
    expect(conversation.finishBrowserAnswer(end(id, 'Hello'))).toBe(false);
  });

  it('ends once, and then another message can follow', () => {
    const { conversation, id } = begin();
    expect(code(() => conversation.send(say('two', id), order()))).toBe('chat.answer-pending');
    expect(conversation.finishBrowserAnswer(end(id, 'Hello'))).toBe(true);
    expect(conversation.finishBrowserAnswer(end(id, 'Other'))).toBe(false);
    conversation.send(say('two', id), order());
    conversation.retry(id, order());
  });

  it('stands beside answers of the server, and is not written in their place', () => {
    const { conversation, question, id } = begin();
    conversation.finishBrowserAnswer(end(id, 'Hello'));
    const server = order();
    conversation.retry(id, server);
    expect(code(() => conversation.growBrowserAnswer(server.answerId, 0, 'x'))).toBe('chat.not-a-browser-answer');
    conversation.startBrowserAnswer({ id: newId(), parentId: question, model: 'tiny' }, null);
    expect(conversation.pending.at(-1)?.data).toMatchObject({ parentId: question });
    expect(code(() => conversation.startBrowserAnswer({ id: newId(), parentId: id, model: 'm' }, null))).toBe(
      'chat.not-a-question',
    );
  });
});

describe('a title', () => {
  it.each([
    ['## Hello *world*\nmore', 'Hello *world'],
    ['\n\n  plain   text ', 'plain text'],
    ['```\n```', 'New chat'],
  ])('of %j', (text, title) => expect(titleOf(text)).toBe(title));

  it('is never longer than 61 characters and never cuts a character in two', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const title = titleOf(text);
        expect([...title].length).toBeLessThanOrEqual(61);
        expect(title.isWellFormed()).toBe(true);
        expect(title).not.toBe('');
      }),
    );
  });
});
