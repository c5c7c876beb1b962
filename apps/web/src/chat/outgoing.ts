import { useSyncExternalStore } from 'react';
import { v7 as newId } from 'uuid';
import type { ChosenAdapter } from '../adapters/adapter-choice.js';
import { messageOf } from '../api/problem.js';
import { conversationQuery, queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import {
  type BrowserChoice,
  beginBrowserAnswer,
  retryInBrowser,
  stopBrowserAnswer,
} from '../browser/browser-answers.js';
import { isBrowserModel } from '../browser/browser-models.js';
import { isLocal } from '../browser/local-id.js';
import { loadPart } from '../lib/load.js';
import { isAway } from '../offline/away.js';
import { questionOf } from '../offline/question.js';
import { waitsIn } from '../offline/waiting.js';
import { Store } from '../api/store.js';
import type { MessageView, SentMessage } from '../api/views.js';
import { conversationChanged, putMessages } from './cache.js';
import { chooseMessage } from './choices.js';

/** A message that the server has not confirmed yet. Its id is made here, so sending it again is harmless. */
export interface Outgoing {
  message: MessageView;
  model: string | null;
  /** On top of it. */
  adapter: ChosenAdapter | null;
  /** The conversation itself does not exist yet either. */
  starts: boolean;
  error: string | null;
}

const outgoing = new Store<readonly Outgoing[]>([]);

const replace = (id: string, next: Outgoing | null) =>
  outgoing.update((list) => list.flatMap((item) => (item.message.id === id ? (next ?? []) : item)));

export interface SendOptions {
  conversationId: string;
  text: string;
  parentId: string | null;
  model: string | null;
  adapter: ChosenAdapter | null;
  starts?: boolean;
}

/** Shows the message at once and sends it. */
export function send({ conversationId, text, parentId, model, adapter, starts = false }: SendOptions): void {
  const message = questionOf({ id: newId(), conversationId, parentId, text });
  const { createdAt } = message;
  if (starts) {
    queryClient.setQueryData(conversationQuery(conversationId).queryKey, {
      id: conversationId,
      title: '',
      createdAt,
      updatedAt: createdAt,
      messages: [],
    });
  }
  const item: Outgoing = { message, model, adapter, starts, error: null };
  outgoing.update((list) => [...list, item]);
  chooseMessage(message);
  void deliver(item);
}

export function sendAgain(item: Outgoing): void {
  const next = { ...item, error: null };
  replace(item.message.id, next);
  void deliver(next);
}

export const discard = (item: Outgoing): void => replace(item.message.id, null);

async function deliver(item: Outgoing): Promise<void> {
  const { id, conversationId } = item.message;
  try {
    if (waitsIn(conversationId)) await tellLater(item);
    else
      await tell(item).catch((error: unknown) => {
        if (isLocal(conversationId) || !isSecureContext || !isAway(error)) throw error;
        return tellLater(item);
      });
    replace(id, null);
    conversationChanged(conversationId);
  } catch (error) {
    replace(id, { ...item, error: messageOf(error) });
  }
}

/** Stores it here until the server is back; a model of this browser answers meanwhile. */
async function tellLater({ message, model, adapter, starts }: Outgoing): Promise<void> {
  const { id, conversationId, text, parentId } = message;
  if (isBrowserModel(model)) {
    const question = { message: { id, text, parentId } };
    const begun = await beginBrowserAnswer(conversationId, question, inBrowser(model, adapter), { starts });
    return putMessages(conversationId, [begun.message, begun.answer]);
  }
  const { leave } = await loadPart(() => import('../offline/sender.js'));
  const say = { kind: 'say' as const, message, model, adapter };
  await leave(conversationId, [...(starts ? [{ kind: 'start' as const }] : []), say]);
  await putMessages(conversationId, [message]);
}

async function tell(item: Outgoing): Promise<void> {
  const { id, conversationId, text, parentId } = item.message;
  const path = `/api/conversations/${encodeURIComponent(conversationId)}`;
  if (isLocal(conversationId) && !isBrowserModel(item.model)) throw new Error(STAYS_HERE);
  if (item.starts && !isLocal(conversationId)) {
    await api.json('POST', '/api/conversations', { body: { id: conversationId } });
  }
  const { message, answer } = isBrowserModel(item.model)
    ? await beginBrowserAnswer(conversationId, { message: { id, text, parentId } }, inBrowser(item.model, item.adapter))
    : await api.json<SentMessage>('POST', `${path}/messages`, {
        body: {
          id,
          text,
          parentId,
          model: item.model ?? undefined,
          adapters: item.adapter ? [item.adapter] : undefined,
        },
      });
  await putMessages(conversationId, [message, answer]);
}

/** Its engine knows no strength. */
const inBrowser = (model: string, adapter: ChosenAdapter | null): BrowserChoice => ({
  model,
  adapter: adapter?.id ?? null,
});

/** Every way to an answer obeys the place that was chosen for the conversation. */
const STAYS_HERE = 'This conversation stays in this browser: choose a model that runs here.';

/** Asks for another answer to the same message. */
export async function retryAnswer(
  answer: MessageView,
  model: string | null,
  adapter: ChosenAdapter | null,
): Promise<void> {
  const { conversationId, id } = answer;
  if (isBrowserModel(model)) return retryInBrowser(answer, inBrowser(model, adapter));
  if (isLocal(conversationId)) throw new Error(STAYS_HERE);
  const sibling = await api.json<MessageView>(
    'POST',
    `/api/conversations/${encodeURIComponent(conversationId)}/messages/${encodeURIComponent(id)}/retry`,
    { body: { model: model ?? undefined, adapters: adapter ? [adapter] : undefined } },
  );
  await putMessages(conversationId, [sibling]);
  chooseMessage(sibling);
  conversationChanged(conversationId);
}

/** Gives up an answer that has not begun, and asks another model for one. */
export async function answerPendingWith(
  answer: MessageView,
  model: string,
  adapter: ChosenAdapter | null,
): Promise<void> {
  await stopAnswer(answer);
  await retryAnswer(answer, model, adapter);
}

export async function stopAnswer(answer: MessageView): Promise<void> {
  if (answer.runsIn === 'browser' && stopBrowserAnswer(answer.id)) return;
  await api.json(
    'POST',
    `/api/conversations/${encodeURIComponent(answer.conversationId)}/messages/${encodeURIComponent(answer.id)}/stop`,
  );
  // The tab that wrote it is gone, or another one: there is no stream that would tell of its end.
  if (answer.runsIn === 'browser') conversationChanged(answer.conversationId, { here: true });
}

export const useOutgoing = (): readonly Outgoing[] => useSyncExternalStore(outgoing.subscribe, outgoing.get);
