import { api } from '../api/session.js';
import type { AnswerMetadata } from '../api/views.js';
import { type BrowserRun, database, type Draft } from '../engines/files/database.js';
import { answersPath, deliverDraft } from './deliver-draft.js';
import { changeLocal } from './local-conversations.js';

/** Where an answer is kept while it grows, and who hears of its end. Nothing of it rejects because of the network. */
export interface AnswerSaver {
  begin(): Promise<void>;
  /** The draft has more text. */
  grown(): void;
  /** The draft has its end. */
  finish(): Promise<void>;
}

/** Writes one after the other, the newest state each time. */
class InOrder {
  private last: Promise<unknown> = Promise.resolve();

  run(work: () => Promise<unknown>): Promise<unknown> {
    this.last = this.last.then(work);
    return this.last;
  }
}

const SAVE_EVERY_MS = 2000;

/** In this browser with each piece of text, and on the server every now and then. */
export class SharedAnswerSaver implements AnswerSaver {
  private sent = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly here = new InOrder();
  private sending: Promise<void> = Promise.resolve();

  constructor(
    private readonly draft: Draft,
    private readonly conversationId: string,
  ) {}

  async begin(): Promise<void> {
    await this.keep();
  }

  grown(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.sending = this.send();
    }, SAVE_EVERY_MS);
    void this.keep();
  }

  async finish(): Promise<void> {
    clearTimeout(this.timer);
    await this.keep();
    await this.sending;
    await deliverDraft(this.draft);
  }

  private keep(): Promise<unknown> {
    const copy = structuredClone(this.draft);
    return this.here.run(async () => (await database()).put('drafts', copy));
  }

  private async send(): Promise<void> {
    const { answerId, text } = this.draft;
    const at = this.sent;
    const path = `${answersPath(this.conversationId)}/${answerId}/text`;
    try {
      await api.json('POST', path, { body: { at, text: text.slice(at) } });
      this.sent = text.length;
    } catch {
      // The next piece brings this one with it, the end has it all, and the page says that the server is away.
    }
  }
}

/** In this browser until the server can be told, then both the question and the answer at once. */
export class QueuedAnswerSaver implements AnswerSaver {
  private readonly here = new InOrder();

  constructor(private readonly draft: Draft) {}

  begin(): Promise<void> {
    return Promise.resolve();
  }

  grown(): void {
    void this.store();
  }

  async finish(): Promise<void> {
    await this.store();
    const { sendWaiting } = await import('../offline/sender.js');
    void sendWaiting();
  }

  private store(): Promise<unknown> {
    const { answerId, text, end, run } = structuredClone(this.draft);
    return this.here.run(async () => {
      const { saveTurn } = await import('../offline/queue.js');
      await saveTurn(answerId, run, { text, ...(end && { ...end, metadata: metadataOf(run) }) }, end !== null);
    });
  }
}

/** As the server stores it. */
export function metadataOf({ runtime, startedAt, finishedAt, ...counts }: BrowserRun): AnswerMetadata {
  return {
    ...{ engine: 'browser', ...counts, cachedPromptTokens: 0, continuations: 0, continuationMode: 'none' },
    browser: { runtime, startedAt, finishedAt },
  };
}

/** In this browser alone; the server is told of counts. */
export class LocalAnswerSaver implements AnswerSaver {
  private readonly here = new InOrder();

  constructor(
    private readonly draft: Draft,
    private readonly conversationId: string,
  ) {}

  begin(): Promise<void> {
    return Promise.resolve();
  }

  grown(): void {
    void this.store();
  }

  async finish(): Promise<void> {
    await this.store();
    const counts: Draft = { ...this.draft, conversationId: null, text: '', end: withoutWords(this.draft.end) };
    await (await database()).put('drafts', counts);
    await deliverDraft(counts);
  }

  private store(): Promise<unknown> {
    const { answerId, text, end, run } = this.draft;
    const facts = structuredClone(end ? { ...end, metadata: metadataOf(run) } : {});
    return this.here.run(() =>
      changeLocal(this.conversationId, (known) => {
        if (!known) return null;
        const messages = known.messages.map((one) => (one.id === answerId ? { ...one, text, ...facts } : one));
        return { ...known, messages, updatedAt: new Date().toISOString() };
      }),
    );
  }
}

const withoutWords = (end: Draft['end']): Draft['end'] => end && { status: end.status, error: null };
