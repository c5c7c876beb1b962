import { QueryClient, queryOptions, infiniteQueryOptions } from '@tanstack/react-query';
import { isLocal } from '../browser/local-id.js';
import { conversationOrKept, keepSeen, listOrKept, orKept } from '../offline/away.js';
import { Problem } from './problem.js';
import { api } from './session.js';
import type {
  ApiKeyView,
  CatalogueEntryView,
  ChatLimits,
  ConversationSummary,
  ConversationView,
  EmailView,
  InstalledModelView,
  MessageView,
  ModelView,
  NotificationPage,
  NotificationPreferences,
  Page,
  SetupView,
} from './views.js';

/** Trying again helps when nobody answered, not when the server said no. */
const retry = (failures: number, error: unknown) =>
  failures < 2 && error instanceof Problem && (error.unreachable || error.status >= 502);

export const queryClient = new QueryClient({
  defaultOptions: {
    // `always`: a laptop without a network still reaches the Parley that runs on it.
    queries: { networkMode: 'always', staleTime: 5_000, retry, refetchOnWindowFocus: true },
    mutations: { networkMode: 'always', retry: false },
  },
});

type Items<T> = { items: T[] };

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => api.get<SetupView>('/api/auth/setup', signal),
});

/** Settings of the server: they change with its restart. */
export const limitsQuery = queryOptions({
  queryKey: ['chat-limits'],
  queryFn: ({ signal }) => api.get<ChatLimits>('/api/chat/limits', signal),
  staleTime: 600_000,
});

export const conversationsQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ['conversations', q],
    queryFn: async ({ pageParam, signal }) => {
      const params = new URLSearchParams({ limit: '30' });
      if (q) params.set('q', q);
      if (pageParam) params.set('cursor', pageParam);
      const page = await listOrKept({ words: q, first: !pageParam }, () =>
        api.get<Page<ConversationSummary>>(`/api/conversations?${params}`, signal),
      );
      page.items.forEach(noteTitle);
      return page;
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: ['conversation', id],
    queryFn: async ({ signal }) =>
      isLocal(id)
        ? localConversation(id)
        : withFinished(
            await conversationOrKept(id, () =>
              api.get<ConversationView>(`/api/conversations/${encodeURIComponent(id)}`, signal),
            ),
          ),
  });

keepSeen(queryClient.getQueryCache());

/** From this browser; nobody else has it. */
async function localConversation(id: string): Promise<ConversationView> {
  const [{ loadLocal }, session] = [await import('../browser/local-conversations.js'), api.session.get()];
  const { messages, ...rest } = await loadLocal(id, session.status === 'signed-in' ? session.user.id : '');
  return { ...rest, messages: [...messages] };
}

export const localConversationsQuery = queryOptions({
  queryKey: ['conversations-here'],
  queryFn: async (): Promise<ConversationSummary[]> => {
    const [{ listLocal }, session] = [await import('../browser/local-conversations.js'), api.session.get()];
    return session.status === 'signed-in' ? listLocal(session.user.id) : [];
  },
});

/** A conversation gets its title from its first message, and may get another one elsewhere: the list knows. */
function noteTitle({ id, title }: ConversationSummary): void {
  queryClient.setQueryData(conversationQuery(id).queryKey, (conversation) =>
    conversation && conversation.title !== title ? { ...conversation, title } : undefined,
  );
}

/** Answers whose streams have ended. The conversation learns of an end a moment after the readers of the stream. */
const finished = new Map<string, MessageView>();

export function noteFinished(message: MessageView): void {
  finished.set(message.id, message);
  setTimeout(() => finished.delete(message.id), 60_000);
}

const withFinished = (conversation: ConversationView): ConversationView => ({
  ...conversation,
  messages: conversation.messages.map((message) =>
    message.status === 'pending' ? (finished.get(message.id) ?? message) : message,
  ),
});

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => orKept('models', async () => (await api.get<Items<ModelView>>('/api/models', signal)).items),
  staleTime: 30_000,
});

export const catalogueQuery = queryOptions({
  queryKey: ['catalogue'],
  queryFn: async ({ signal }) => (await api.get<Items<CatalogueEntryView>>('/api/explore/catalogue', signal)).items,
});

export const installedQuery = queryOptions({
  queryKey: ['installed'],
  queryFn: async ({ signal }) => (await api.get<Items<InstalledModelView>>('/api/explore/models', signal)).items,
});

/** All that is shown of models and of what can be installed is asked for anew. */
export const forgetModels = async (): Promise<void> => {
  await Promise.all(
    ['catalogue', 'installed', 'models', 'installs', 'entries', 'entry', 'entry-files'].map((key) =>
      queryClient.invalidateQueries({ queryKey: [key] }),
    ),
  );
};

export const apiKeysQuery = queryOptions({
  queryKey: ['api-keys'],
  queryFn: async ({ signal }) => (await api.get<Items<ApiKeyView>>('/api/auth/api-keys', signal)).items,
});

export const keysChanged = (): Promise<void> => queryClient.invalidateQueries({ queryKey: apiKeysQuery.queryKey });

export const notificationsQuery = (unread: boolean) =>
  infiniteQueryOptions({
    queryKey: ['notifications', unread],
    queryFn: ({ pageParam, signal }) => {
      const params = new URLSearchParams({ limit: '20', unread: String(unread) });
      if (pageParam) params.set('cursor', pageParam);
      return api.get<NotificationPage>(`/api/notifications?${params}`, signal);
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

export const preferencesQuery = queryOptions({
  queryKey: ['notification-preferences'],
  queryFn: ({ signal }) => api.get<NotificationPreferences>('/api/notifications/preferences', signal),
});

export const failedEmailsQuery = queryOptions({
  queryKey: ['failed-emails'],
  queryFn: async ({ signal }) =>
    (await api.get<Items<EmailView>>('/api/notifications/emails?state=failed', signal)).items,
});
