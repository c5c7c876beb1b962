import { useSyncExternalStore } from 'react';
import { Store } from '../api/store.js';
import type { MessageView } from '../api/views.js';
import { choose, type Choices } from './tree.js';

/** Which branch of each conversation this tab shows. */
const choices = new Store<Readonly<Record<string, Choices>>>({});

const none: Choices = {};

export const chooseMessage = (message: MessageView): void =>
  choices.update((all) => ({
    ...all,
    [message.conversationId]: choose(all[message.conversationId] ?? none, message),
  }));

export function useChoices(conversationId: string | null): Choices {
  const all = useSyncExternalStore(choices.subscribe, choices.get);
  return (conversationId && all[conversationId]) || none;
}
