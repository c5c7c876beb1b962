import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { api } from '../api/session.js';
import type { ConversationView } from '../api/views.js';
import { dropCopy, forgetCopies, keepAnswer, keepCopy, listCopies, loadAnswer, loadCopy } from './copies.js';
import { keepRecent } from './keep-recent.js';

const conversation = (id: string, title: string, text = 'hello', updatedAt = '2026-11-21T10:00:00.000Z') =>
  ({
    ...{ id, title, createdAt: updatedAt, updatedAt },
    messages: [
      {
        ...{ id: `${id}-1`, conversationId: id, parentId: null, role: 'user', text, status: 'complete' },
        ...{ runsIn: 'server', model: null, error: null, metadata: null, createdAt: updatedAt },
      },
    ],
  }) satisfies ConversationView;

describe('copies of conversations', () => {
  beforeEach(forgetCopies);

  it('are read by their owner alone, and searched by title and text', async () => {
    await keepCopy('ada', conversation('1', 'Bridges', 'How long is it?'));
    await keepCopy('ada', conversation('2', 'Rivers', 'Which is the longest?', '2026-11-21T11:00:00.000Z'));
    await keepCopy('bob', conversation('3', 'Long stories'));
    expect((await listCopies('ada', '')).map(({ id }) => id)).toEqual(['2', '1']);
    expect((await listCopies('ada', 'bridge')).map(({ id }) => id)).toEqual(['1']);
    expect((await listCopies('ada', 'LONG is')).map(({ id }) => id)).toEqual(['1']);
    expect((await loadCopy('ada', '1'))?.messages).toHaveLength(1);
    expect(await loadCopy('bob', '1')).toBeNull();
    await dropCopy('1');
    expect(await loadCopy('ada', '1')).toBeNull();
  });

  it('are a hundred at most, those that were seen last, and none that is very long', async () => {
    for (let n = 0; n < 103; n += 1) await keepCopy('ada', conversation(`c${n}`, `Number ${n}`));
    await keepCopy('ada', conversation('c102', 'Grew', 'x'.repeat(2_000_001)));
    const titles = (await listCopies('ada', '')).map(({ title }) => title);
    expect(titles).toHaveLength(99);
    expect(titles).not.toContain('Number 2');
    expect(titles).toContain('Number 3');
    expect(titles).not.toContain('Grew');
  });

  it('are made of the newest ones, and not again while they are as they were', async () => {
    const asked: string[] = [];
    const fresh = [conversation('1', 'Bridges'), conversation('2', 'Rivers')];
    await keepCopy('ada', fresh[0]!);
    vi.spyOn(api, 'get').mockImplementation((path: string) => {
      asked.push(path);
      return Promise.resolve((path.includes('?') ? { items: fresh } : fresh[1]) as never);
    });
    await keepRecent('ada', new AbortController().signal);
    expect(asked).toEqual(['/api/conversations?limit=20', '/api/conversations/2']);
    expect(await listCopies('ada', '')).toHaveLength(2);
    vi.restoreAllMocks();
  });

  it('are gone when nobody is signed in any more', async () => {
    await keepCopy('ada', conversation('1', 'Bridges'));
    await keepAnswer('ada', 'models', [1]);
    expect(await loadAnswer('ada', 'models')).toEqual([1]);
    await forgetCopies();
    expect(await listCopies('ada', '')).toEqual([]);
    expect(await loadAnswer('ada', 'models')).toBeUndefined();
  });
});
