import type { QueueRoute } from '@app/messaging';

/** Every queue and the events that it hears. Made from the reactions by `npm run snapshot`; do not edit. */
export const queues: readonly QueueRoute[] = [
  { queue: 'admin.run-on-task-requested', types: ['admin.task.requested.v1'] },
  { queue: 'chat.record-answer-on-generation-finished', types: ['inference.generation.finished.v1'] },
  { queue: 'explore.convert-on-adapter-conversion-requested', types: ['explore.adapter-conversion.requested.v1'] },
  { queue: 'explore.count-use-on-generation-finished', types: ['inference.generation.finished.v1'] },
  { queue: 'explore.count-use-on-model-installed', types: ['explore.model.installed.v1'] },
  { queue: 'explore.delete-file-on-browser-model-removed', types: ['explore.browser-model.removed.v1'] },
  { queue: 'explore.delete-file-on-model-removed', types: ['explore.model.removed.v1'] },
  {
    queue: 'explore.delete-files-on-adapter-ended',
    types: ['explore.adapter-version.failed.v1', 'explore.adapter.removed.v1'],
  },
  { queue: 'explore.download-on-install-requested', types: ['explore.install.requested.v1'] },
  { queue: 'explore.list-adapter-on-adapter-changed', types: ['explore.adapter.changed.v1'] },
  { queue: 'explore.list-adapter-on-adapter-version-ready', types: ['explore.adapter-version.ready.v1'] },
  { queue: 'explore.unlist-adapter-on-adapter-removed', types: ['explore.adapter.removed.v1'] },
  { queue: 'inference.forget-on-conversation-deleted', types: ['chat.conversation.deleted.v1'] },
  {
    queue: 'inference.generate-on-answer-requested',
    types: ['chat.answer.requested.v1', 'inference.completion.requested.v1'],
  },
  {
    queue: 'inference.keep-models-on-models-changed',
    types: ['explore.default-model.changed.v1', 'explore.model.installed.v1', 'explore.model.removed.v1'],
  },
  { queue: 'inference.queue-on-answer-requested', types: ['chat.answer.requested.v1'] },
  { queue: 'inference.stop-on-answer-stop-requested', types: ['chat.answer.stop-requested.v1'] },
  { queue: 'inference.unload-on-adapter-removed', types: ['explore.adapter.removed.v1'] },
  {
    queue: 'notifications.keep-recipients-on-account-changed',
    types: ['auth.user.disabled.v1', 'auth.user.enabled.v1', 'auth.user.signed-up.v1'],
  },
  { queue: 'notifications.notify-on-account-changed', types: ['auth.user.disabled.v1', 'auth.user.enabled.v1'] },
  {
    queue: 'notifications.notify-on-answer-finished',
    types: ['chat.answer.finished.v1', 'chat.conversation.deleted.v1'],
  },
  { queue: 'notifications.notify-on-install-failed', types: ['explore.install.failed.v1'] },
  { queue: 'notifications.notify-on-model-installed', types: ['explore.model.installed.v1'] },
  { queue: 'notifications.notify-on-user-signed-in', types: ['auth.user.signed-in.v1'] },
  { queue: 'notifications.notify-on-user-signed-up', types: ['auth.user.signed-up.v1'] },
];
