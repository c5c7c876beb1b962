import { z } from 'zod';
import { Problem } from '../api/problem.js';
import { database } from '../engines/files/database.js';
import { answerLock } from './deliver-draft.js';
import { type LocalConversation, mergeConversations } from './merge-conversations.js';
import { seal, SealedFileError, unseal } from './sealed-file.js';

/** What a file must hold to be taken; messages are shown as text alone, so their other fields may be anything. */
const Imported = z.array(
  z.object({
    id: z.string().startsWith('local-').max(60),
    title: z.string().max(300),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    messages: z
      .array(
        z.looseObject({
          id: z.uuid(),
          parentId: z.uuid().nullable(),
          role: z.enum(['user', 'assistant']),
          text: z.string(),
          status: z.enum(['complete', 'pending', 'stopped', 'failed']),
          createdAt: z.iso.datetime(),
        }),
      )
      .max(10_000),
  }),
);

export async function listLocal(ownerId: string): Promise<LocalConversation[]> {
  const all = await (await database()).getAll('conversations');
  return all
    .filter((conversation) => conversation.ownerId === ownerId)
    .toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt));
}

/** An answer whose tab is gone is shown as stopped, with what there is of it. */
export async function loadLocal(id: string, ownerId: string): Promise<LocalConversation> {
  const found = await (await database()).get('conversations', id);
  if (found?.ownerId !== ownerId) {
    throw new Problem(404, 'browser.conversation-not-found', 'This conversation is not in this browser.');
  }
  const held = new Set((await navigator.locks.query()).held?.map(({ name }) => name));
  const messages = found.messages.map((message) =>
    message.status === 'pending' && !held.has(answerLock(message.id))
      ? { ...message, status: 'stopped' as const }
      : message,
  );
  return { ...found, messages };
}

/** Changes it as it is stored now; two tabs never overwrite each other's messages. */
export async function changeLocal(
  id: string,
  change: (conversation: LocalConversation | undefined) => LocalConversation | null,
): Promise<void> {
  const store = (await database()).transaction('conversations', 'readwrite').store;
  const next = change(await store.get(id));
  if (next) await store.put(next);
  else await store.delete(id);
}

/** Every conversation of this person that is in this browser only, encrypted with a passphrase. */
export async function exportLocal(ownerId: string, passphrase: string): Promise<Blob> {
  return seal(await listLocal(ownerId), passphrase);
}

/** Adds what the file holds to what is here; no message of either is lost. Answers how many conversations came. */
export async function importLocal(ownerId: string, file: Blob, passphrase: string): Promise<number> {
  const read = Imported.safeParse(await unseal(file, passphrase));
  if (!read.success) throw new SealedFileError('sealed.not-a-file-of-ours', 'The file holds no conversations.');
  for (const conversation of read.data as unknown as LocalConversation[]) {
    const mine = { ...conversation, ownerId };
    await changeLocal(mine.id, (known) => {
      if (known && known.ownerId !== ownerId) return known;
      return known ? mergeConversations(known, mine) : mine;
    });
  }
  return read.data.length;
}
