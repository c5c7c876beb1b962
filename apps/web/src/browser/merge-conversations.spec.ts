import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageView } from '../api/views.js';
import { type LocalConversation, mergeConversations } from './merge-conversations.js';

const time = fc.integer({ min: 0, max: 9 }).map((second) => `2026-11-21T10:00:0${second}.000Z`);
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const message = fc.record({
  id,
  conversationId: fc.constant('local-1'),
  parentId: fc.option(id),
  role: fc.constantFrom('user', 'assistant'),
  text: fc.string({ maxLength: 4 }),
  status: fc.constantFrom('complete', 'pending', 'stopped', 'failed'),
  runsIn: fc.constant('browser'),
  model: fc.constant(null),
  error: fc.constant(null),
  metadata: fc.constant(null),
  createdAt: time,
}) as fc.Arbitrary<MessageView>;
const conversation: fc.Arbitrary<LocalConversation> = fc.record({
  id: fc.constant('local-1'),
  ownerId: fc.constant('me'),
  title: fc.string({ maxLength: 3 }),
  createdAt: time,
  updatedAt: time,
  // As a device keeps it: each message once, in the order of time.
  messages: fc.uniqueArray(message, { selector: (one) => one.id, maxLength: 5 }),
});
const merge = mergeConversations;
const tidy = (one: LocalConversation) => merge(one, one);

describe('what two devices know of one conversation', () => {
  it('is the same whoever merges with whom, in any order, however often', () => {
    fc.assert(
      fc.property(conversation, conversation, conversation, (a, b, c) => {
        expect(merge(a, b)).toEqual(merge(b, a));
        expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)));
        expect(merge(merge(a, b), b)).toEqual(merge(a, b));
        expect(tidy(tidy(a))).toEqual(tidy(a));
      }),
    );
  });

  it('holds every message of both, and no text grows shorter in the same state', () => {
    fc.assert(
      fc.property(conversation, conversation, (a, b) => {
        const merged = new Map(merge(a, b).messages.map((one) => [one.id, one]));
        for (const one of [...a.messages, ...b.messages]) {
          const kept = merged.get(one.id)!;
          expect(kept).toBeDefined();
          if (kept.status === one.status) expect(kept.text.length).toBeGreaterThanOrEqual(one.text.length);
          if (one.status !== 'pending') expect(kept.status).not.toBe('pending');
        }
      }),
    );
  });
});
