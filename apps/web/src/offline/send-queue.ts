import { Problem } from '../api/problem.js';
import type { SentMessage } from '../api/views.js';
import type { Signed } from '../engines/proof.js';
import { dropQueued, loadQueue, nextOf, type Queued, updateQueued } from './queue.js';

export interface Sending {
  /** Rejects with a `Problem`. */
  request(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<unknown>;
  sign(answer: Signed): Promise<string>;
  /** Told of each change that is not in the queue any more; `sent` is where its messages are now. */
  settled(change: Queued, sent: SentMessage | null): void | Promise<void>;
}

/**
 * Sends what waits, one after the other, until nothing is left that could be sent. Whatever is repeated (a lost reply,
 * another tab) changes nothing: ids are made here. Rejects with the `Problem` for which trying again later helps; what
 * the server refuses for good stays, with the reason.
 */
export async function sendQueue(ownerId: string, sending: Sending): Promise<void> {
  for (;;) {
    const next = nextOf(await loadQueue(ownerId));
    if (!next) return;
    try {
      const sent = await send(next, sending);
      await dropQueued(next.seq);
      await sending.settled(next, sent);
    } catch (error) {
      if (!(error instanceof Problem) || isPassing(error)) throw error;
      if (isDone(next, error)) {
        await dropQueued(next.seq);
        await sending.settled(next, null);
      } else {
        const refused = { code: error.code, message: error.message };
        await updateQueued(next.seq, (known) => ({ ...known, refused }));
      }
    }
  }
}

/** Nobody answered, somebody is in the way, the session is over, or another device is just writing. */
const isPassing = ({ status, code }: Problem): boolean =>
  status === 0 ||
  status >= 500 ||
  [401, 408, 425, 429].includes(status) ||
  code === 'platform.stream-changed' ||
  code === 'chat.answer-pending';

/** It was taken before, or there is nothing left that it could change: a deletion wins over a title. */
const isDone = ({ change }: Queued, { status, code }: Problem): boolean =>
  code === 'chat.message-deleted' || (status === 404 && change.kind !== 'say' && change.kind !== 'turn');

async function send(queued: Queued, { request, sign }: Sending): Promise<SentMessage | null> {
  const { id: changeId, change } = queued;
  const path = `/api/conversations/${encodeURIComponent(queued.conversationId)}`;
  switch (change.kind) {
    case 'start':
      await request('POST', '/api/conversations', { id: queued.conversationId });
      return null;
    case 'rename':
      await request('PATCH', path, { title: change.title, changeId });
      return null;
    case 'delete':
      if (change.known) await request('POST', `${path}/deletion`, { known: change.known });
      else await request('DELETE', path);
      return null;
    case 'say': {
      const { id, text, parentId } = change.message;
      const adapters = change.adapter ? [change.adapter] : undefined;
      const body = { id, text, parentId, model: change.model ?? undefined, adapters, ifDeleted: 'recover' };
      return (await request('POST', `${path}/messages`, body)) as SentMessage;
    }
    case 'turn': {
      const { message, answer, run } = change;
      const { modelDigest, adapterDigests, startedAt, finishedAt } = run;
      const { id: messageId, text, status, error } = answer;
      const proof = await sign({ answer: messageId, text, modelDigest, adapterDigests, startedAt, finishedAt });
      const question = { id: message.id, text: message.text, parentId: message.parentId };
      const body = { messageId, message: question, parentId: message.id, model: run.model };
      return (await request('POST', `${path}/browser-turns`, {
        ...body,
        status,
        text,
        error,
        run,
        proof,
      })) as SentMessage;
    }
  }
}
