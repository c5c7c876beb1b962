import { useSyncExternalStore } from 'react';
import { follow } from '../api/events.js';
import { messageOf } from '../api/problem.js';
import { conversationQuery, noteFinished, queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import { Store } from '../api/store.js';
import type { MessageView } from '../api/views.js';
import { advance, emptyAnswer, type AnswerState } from './answer.js';
import { sawAnswer } from '../notifications/live.js';
import { putMessages, refreshConversation, refreshConversations } from './cache.js';

export interface LiveAnswer extends AnswerState {
  connected: boolean;
  /** Why the answer cannot be followed, when trying again would not help. */
  problem: string | null;
}

/** A connection that is back so soon is not worth a word on the page. */
const UNNOTICED_MS = 1000;

/** Follows one pending answer while somebody looks at it, and remembers how far it came. */
class Feed {
  readonly store = new Store<LiveAnswer>({ ...emptyAnswer, connected: true, problem: null });
  private state: LiveAnswer = this.store.get();
  private readers = 0;
  private running: AbortController | null = null;
  private frame: (() => void) | null = null;

  constructor(private readonly message: MessageView) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    const unsubscribe = this.store.subscribe(listener);
    this.readers += 1;
    this.start();
    return () => {
      unsubscribe();
      this.readers -= 1;
      // A page that is only re-arranged subscribes again at once.
      setTimeout(() => this.readers === 0 && this.stop(), 1000);
    };
  };

  private start(): void {
    if (this.running || this.state.done) return;
    this.running = new AbortController();
    void this.run(this.running.signal);
  }

  private stop(): void {
    this.running?.abort();
    this.running = null;
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { id, conversationId } = this.message;
    const path = `/api/conversations/${encodeURIComponent(conversationId)}/messages/${encodeURIComponent(id)}/stream`;
    let lost: ReturnType<typeof setTimeout> | undefined;
    this.show({ problem: null });
    try {
      await follow({
        signal,
        lastEventId: this.state.lastEventId,
        open: (last, connection) =>
          api.stream(path, { signal: connection, headers: last === null ? {} : { 'last-event-id': last } }),
        onConnected: (connected) => {
          if (connected) {
            clearTimeout(lost);
            lost = undefined;
            this.show({ connected });
          } else {
            lost ??= setTimeout(() => this.show({ connected }), UNNOTICED_MS);
          }
        },
        onEvent: (event) => {
          this.show(advance(this.state, event));
          return this.state.done !== null;
        },
      });
      if (this.state.done) await this.finish();
    } catch (error) {
      this.show({ problem: messageOf(error) });
      await refreshConversation(conversationId);
    } finally {
      clearTimeout(lost);
      if (this.running?.signal === signal) this.running = null;
    }
  }

  /** The finished answer becomes part of the conversation, word for word what was streamed. */
  private async finish(): Promise<void> {
    const { id, conversationId } = this.message;
    const { text, done } = this.state;
    const known = queryClient.getQueryData(conversationQuery(conversationId).queryKey);
    const message = known?.messages.find((candidate) => candidate.id === id) ?? this.message;
    const final = { ...message, text, ...done!, model: done!.metadata?.model ?? message.model };
    noteFinished(final);
    sawAnswer(conversationId, id);
    await putMessages(conversationId, [final]);
    this.flush();
    // Kept a little, for a page that still holds the pending message.
    setTimeout(() => feeds.delete(id), 60_000);
    void refreshConversations();
  }

  /** Many tokens come between two frames; the page is changed once a frame. */
  private show(change: Partial<LiveAnswer>): void {
    this.state = { ...this.state, ...change };
    if (this.frame) return;
    const flush = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      this.flush();
    };
    const frame = requestAnimationFrame(flush);
    // A hidden tab has no frames.
    const timer = setTimeout(flush, 250);
    this.frame = flush;
  }

  private flush(): void {
    this.frame = null;
    this.store.set(this.state);
  }
}

const feeds = new Map<string, Feed>();

function feedOf(message: MessageView): Feed {
  let feed = feeds.get(message.id);
  if (!feed) {
    feed = new Feed(message);
    feeds.set(message.id, feed);
  }
  return feed;
}

/** A pending answer as it is being written. */
export function useLiveAnswer(message: MessageView): LiveAnswer {
  const { store, subscribe } = feedOf(message);
  return useSyncExternalStore(subscribe, store.get);
}
