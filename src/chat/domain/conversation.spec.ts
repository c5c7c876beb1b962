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
