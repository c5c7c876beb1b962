import { AggregateRoot } from '@app/kernel';
import {
  AnswerFinished,
  AnswerRequested,
  AnswerStopRequested,
  BrowserAnswerGrew,
  BrowserAnswerStarted,
  ConversationDeleted,
  ConversationRecovered,
  ConversationRenamed,
  ConversationStarted,
  MessageRecovered,
  MessageSent,
} from '../contracts/index.js';
import {
  answerPending,
  answerTextMissing,
  conversationNotFound,
  emptyMessage,
  invalidText,
  messageNotFound,
  messageTooLong,
  notABrowserAnswer,
  notAMessageToAnswer,
  notAnAnswer,
  tooManyMessages,
} from './errors.js';
import { titleOf } from './title.js';

export type ConversationEvent =
  | ConversationStarted
  | ConversationRenamed
  | ConversationDeleted
  | ConversationRecovered
  | MessageRecovered
  | MessageSent
  | AnswerRequested
  | BrowserAnswerStarted
  | BrowserAnswerGrew
  | AnswerStopRequested
  | AnswerFinished;

/** Wire types that a conversation's stream may hold. */
export const conversationEvents = [
  ConversationStarted,
  ConversationRenamed,
  ConversationDeleted,
  ConversationRecovered,
  MessageRecovered,
  MessageSent,
  AnswerRequested,
  BrowserAnswerStarted,
  BrowserAnswerGrew,
  AnswerStopRequested,
  AnswerFinished,
] as const;

interface Answer {
  readonly role: 'assistant';
  readonly parentId: string;
  /** null: a browser writes it. */
  readonly generationId: string | null;
  final: boolean;
  /** What a browser has saved of it so far; nothing any more once it is final. */
  text: string;
}
type Node = { readonly role: 'user'; readonly parentId: string | null } | Answer;

/** How many messages one conversation holds at most: its stream is read whole for each change. */
export const MAX_MESSAGES = 2_000;

type AnswerOrder = Pick<AnswerRequested['data'], 'model' | 'adapters' | 'sampler' | 'generationId'> & {
  answerId: string;
};

/**
 * A tree of messages: a user's message follows an answer (or nothing), an answer follows a user's message; siblings are
 * other tries. Somebody else's conversation is not told apart from one that does not exist.
 */
export class Conversation extends AggregateRoot<ConversationEvent> {
  readonly #nodes = new Map<string, Node>();
  #ownerId: string | null = null;
  #title: string | null = null;
  #deleted = false;
  #newest: string | null = null;
  #recoveredInto: string | null = null;
  readonly #changes = new Set<string>();

  constructor(readonly id: string) {
    super();
  }

  static start(id: string, ownerId: string, title: string | null): Conversation {
    const conversation = new Conversation(id);
    conversation.record(new ConversationStarted({ conversationId: id, ownerId, title }));
    return conversation;
  }

  requireOwner(userId: string): this {
    if (this.#ownerId !== userId || this.#deleted) throw conversationNotFound(this.id);
    return this;
  }

  /** It was theirs, and they deleted it. */
  wasDeletedBy(userId: string): boolean {
    return this.#ownerId === userId && this.#deleted;
  }

  /** Where is kept what came after its deletion, if anything did. */
  get recoveredInto(): string | null {
    return this.#recoveredInto;
  }

  get title(): string | null {
    return this.#title;
  }

  has(messageId: string): boolean {
    return this.#nodes.has(messageId);
  }

  /** How many messages it holds. */
  get size(): number {
    return this.#nodes.size;
  }

  /** The first answer to a user's message, if it was sent before. */
  answerTo(messageId: string): { id: string; generationId: string | null } | undefined {
    for (const [id, node] of this.#nodes) {
      if (node.role === 'assistant' && node.parentId === messageId) return { id, generationId: node.generationId };
    }
    return undefined;
  }

  /** Stores what the user said and asks for its answer. Without `parentId` it follows the newest answer. Returns what it follows. */
  send(
    message: { id: string; text: string; parentId: string | null | undefined; maxCharacters: number },
    order: AnswerOrder,
  ): string | null {
    const parentId = this.#say(message);
    this.#requestAnswer(message.id, order);
    this.#takeTitle(message.text);
    return parentId;
  }

  /** Stores what the user said, if it is given, and that a browser answers it. */
  startBrowserAnswer(
    answer: { id: string; parentId: string; model: string },
    message: { id: string; text: string; parentId: string | null; maxCharacters: number } | null,
  ): void {
    if (message && !this.#nodes.has(message.id)) this.#say(message);
    if (this.#nodes.size + 1 > MAX_MESSAGES) throw tooManyMessages(MAX_MESSAGES);
    const { id: messageId, parentId, model } = answer;
    const parent = this.#nodes.get(parentId);
    if (!parent) throw messageNotFound(parentId);
    if (parent.role !== 'user') throw notAMessageToAnswer(parentId);
    this.record(new BrowserAnswerStarted({ conversationId: this.id, messageId, parentId, model }));
    if (message) this.#takeTitle(message.text);
  }

  /** More of a browser's answer, which begins after `at` characters. */
  growBrowserAnswer(messageId: string, at: number, text: string): void {
    const node = this.#browserAnswer(messageId);
    if (node.final || at + text.length <= node.text.length) return;
    if (at > node.text.length) throw answerTextMissing(messageId, node.text.length);
    if (!text.isWellFormed() || text.includes('\0')) throw invalidText();
    const fresh = text.slice(node.text.length - at);
    const { length } = node.text;
    this.record(new BrowserAnswerGrew({ conversationId: this.id, messageId, at: length, text: fresh }));
  }

  /** The end of a browser's answer; false when it had one before. */
  finishBrowserAnswer(answer: Omit<AnswerFinished['data'], 'conversationId' | 'ownerId' | 'title'>): boolean {
    if (this.#browserAnswer(answer.messageId).final) return false;
    if (!answer.text.isWellFormed() || answer.text.includes('\0')) throw invalidText();
    this.finishAnswer(answer);
    return true;
  }

  #say(message: {
    id: string;
    text: string;
    parentId: string | null | undefined;
    maxCharacters: number;
  }): string | null {
    const { id, text, maxCharacters } = message;
    if (text.trim() === '') throw emptyMessage();
    if (text.length > maxCharacters) throw messageTooLong(text.length, maxCharacters);
    // A lone surrogate or NUL is no text: neither JSON peers nor PostgreSQL would take it.
    if (!text.isWellFormed() || text.includes('\0')) throw invalidText();
    if (this.#nodes.size + 2 > MAX_MESSAGES) throw tooManyMessages(MAX_MESSAGES);
    const parentId = message.parentId === undefined ? this.#newest : message.parentId;
    if (parentId !== null) {
      const parent = this.#answer(parentId);
      if (!parent.final) throw answerPending(parentId);
    }
    this.record(new MessageSent({ conversationId: this.id, messageId: id, parentId, text }));
    return parentId;
  }

  #takeTitle(text: string): void {
    if (this.#title !== null) return;
    this.record(new ConversationRenamed({ conversationId: this.id, title: titleOf(text), by: 'system' }));
  }

  /** Another answer beside `answerId`. */
  retry(answerId: string, order: AnswerOrder): void {
    if (this.#nodes.size + 1 > MAX_MESSAGES) throw tooManyMessages(MAX_MESSAGES);
    this.#requestAnswer(this.#answer(answerId).parentId, order);
  }

  stop(answerId: string): void {
    const answer = this.#answer(answerId);
    if (answer.final) return;
    if (answer.generationId === null) {
      // Nobody on the server writes it: what its browser has saved is what there is.
      this.finishAnswer({ messageId: answerId, status: 'stopped', text: answer.text, error: null, metadata: null });
      return;
    }
    this.record(
      new AnswerStopRequested({ conversationId: this.id, messageId: answerId, generationId: answer.generationId }),
    );
  }

  /** The last one counts; a change that comes again is none. */
  rename(title: string, changeId?: string): void {
    if (changeId !== undefined && this.#changes.has(changeId)) return;
    this.record(new ConversationRenamed({ conversationId: this.id, title, by: 'owner', changeId }));
  }

  /**
   * Messages that none of these and nothing before them leads to, with the questions of answers among them; in their
   * order. Whoever knows a message knows those before it.
   */
  besides(known: readonly string[]): string[] {
    const seen = new Set<string>();
    for (const id of known) {
      for (let at: string | null = id; at !== null && !seen.has(at); at = this.#nodes.get(at)?.parentId ?? null)
        seen.add(at);
    }
    const kept = new Set<string>();
    for (const [id, node] of this.#nodes) {
      if (seen.has(id)) continue;
      if (node.role === 'assistant') kept.add(node.parentId);
      kept.add(id);
    }
    return [...this.#nodes.keys()].filter((id) => kept.has(id));
  }

  recoverInto(intoId: string): void {
    this.record(new ConversationRecovered({ conversationId: this.id, intoId }));
  }

  /** Takes a message of a deleted conversation. What it followed there and is not here was deleted. */
  recover(message: Omit<MessageRecovered['data'], 'conversationId'>): void {
    const parentId = this.here(message.parentId);
    this.record(new MessageRecovered({ ...message, conversationId: this.id, parentId }));
  }

  /** The id if there is such a message here. */
  here(messageId: string | null): string | null {
    return messageId !== null && this.#nodes.has(messageId) ? messageId : null;
  }

  /** Deletes; answers that are still being written are stopped by whoever hears of it. */
  delete(): void {
    const generationIds = [...this.#nodes.values()].flatMap((node) =>
      'generationId' in node && node.generationId !== null ? [node.generationId] : [],
    );
    this.record(new ConversationDeleted({ conversationId: this.id, generationIds }));
  }

  /** The end of an answer. A second end, or one that comes after the deletion, changes nothing. */
  finishAnswer(answer: Omit<AnswerFinished['data'], 'conversationId' | 'ownerId' | 'title'>): void {
    if (this.#deleted || this.#answer(answer.messageId).final) return;
    this.record(
      new AnswerFinished({
        conversationId: this.id,
        ownerId: this.#ownerId ?? undefined,
        title: this.#title ?? undefined,
        ...answer,
      }),
    );
  }

  protected apply(event: ConversationEvent): void {
    switch (event.type) {
      case 'chat.conversation.started.v1':
        this.#ownerId = event.data.ownerId;
        this.#title = event.data.title;
        return;
      case 'chat.conversation.renamed.v1':
        this.#title = event.data.title;
        if (event.data.changeId !== undefined) this.#changes.add(event.data.changeId);
        return;
      case 'chat.conversation.recovered.v1':
        this.#recoveredInto = event.data.intoId;
        return;
      case 'chat.message.recovered.v1': {
        const { messageId, parentId, role, generationId, status, text } = event.data;
        const final = status !== 'pending';
        if (role === 'user') this.#nodes.set(messageId, { role, parentId });
        else this.#nodes.set(messageId, { role, parentId: parentId!, generationId, final, text: final ? '' : text });
        if (role === 'assistant') this.#newest = messageId;
        return;
      }
      case 'chat.conversation.deleted.v1':
        this.#deleted = true;
        return;
      case 'chat.message.sent.v1':
        this.#nodes.set(event.data.messageId, { role: 'user', parentId: event.data.parentId });
        return;
      case 'chat.answer.requested.v1': {
        const { messageId, parentId, generationId } = event.data;
        this.#nodes.set(messageId, { role: 'assistant', parentId, generationId, final: false, text: '' });
        this.#newest = messageId;
        return;
      }
      case 'chat.browser-answer.started.v1': {
        const { messageId, parentId } = event.data;
        this.#nodes.set(messageId, { role: 'assistant', parentId, generationId: null, final: false, text: '' });
        this.#newest = messageId;
        return;
      }
      case 'chat.browser-answer.grew.v1': {
        const node = this.#nodes.get(event.data.messageId);
        if (node?.role === 'assistant') node.text = node.text.slice(0, event.data.at) + event.data.text;
        return;
      }
      case 'chat.answer.finished.v1': {
        const node = this.#nodes.get(event.data.messageId);
        if (node?.role === 'assistant') Object.assign(node, { final: true, text: '' });
        return;
      }
      case 'chat.answer.stop-requested.v1':
        return;
    }
  }

  #requestAnswer(parentId: string, { answerId, model, adapters, sampler, generationId }: AnswerOrder): void {
    this.record(
      new AnswerRequested({
        conversationId: this.id,
        messageId: answerId,
        parentId,
        generationId,
        model,
        adapters,
        sampler,
      }),
    );
  }

  #browserAnswer(id: string): Answer {
    const node = this.#answer(id);
    if (node.generationId !== null) throw notABrowserAnswer(id);
    return node;
  }

  #answer(id: string): Answer {
    const node = this.#nodes.get(id);
    if (!node) throw messageNotFound(id);
    if (node.role !== 'assistant') throw notAnAnswer(id);
    return node;
  }
}
