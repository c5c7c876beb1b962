import { QueryObserver } from '@tanstack/react-query';
import { afterEach, expect, it, vi } from 'vitest';
import { conversationQuery, queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import type { ConversationView, MessageView } from '../api/views.js';
import { putMessages, refreshConversation } from './cache.js';

const at = '2026-11-21T10:00:00.000Z';
const message = (id: string): MessageView => ({
  ...{ id, conversationId: 'c', parentId: null, role: 'user', text: id, status: 'complete' },
  ...{ runsIn: 'server', model: null, error: null, metadata: null, createdAt: at },
});
const conversation = (...ids: string[]): ConversationView => ({
  ...{ id: 'c', title: '', createdAt: at, updatedAt: at },
  messages: ids.map(message),
});
const { queryKey } = conversationQuery('c');
const shown = () => queryClient.getQueryData(queryKey)?.messages.map(({ id }) => id);

afterEach(() => {
  vi.restoreAllMocks();
  queryClient.clear();
});

it('shows what is put into a conversation, and what the server was just being asked for', async () => {
  vi.stubGlobal('isSecureContext', false);
  queryClient.setQueryData(queryKey, conversation('one'));
  const answers: ((answer: ConversationView) => void)[] = [];
  vi.spyOn(api, 'get').mockImplementation(() => new Promise((resolve) => answers.push(resolve as never)));
  const leave = new QueryObserver(queryClient, conversationQuery('c')).subscribe(() => undefined);
  void refreshConversation('c');
  await vi.waitFor(() => expect(answers.length).toBeGreaterThan(0));
  await putMessages('c', [message('mine')]);
  expect(shown()).toEqual(['one', 'mine']);
  for (const answer of answers) answer(conversation('one', 'from elsewhere', 'mine'));
  await vi.waitFor(() => expect(shown()).toEqual(['one', 'from elsewhere', 'mine']), 5_000);
  leave();
});
