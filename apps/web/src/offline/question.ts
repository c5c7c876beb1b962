import type { MessageView } from '../api/views.js';

/** What a person says, as it is shown before the server has confirmed it. */
export const questionOf = (said: Pick<MessageView, 'id' | 'conversationId' | 'parentId' | 'text'>): MessageView => ({
  ...said,
  ...{ role: 'user', status: 'complete', runsIn: 'server', model: null, error: null, metadata: null },
  createdAt: new Date().toISOString(),
});
