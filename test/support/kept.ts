/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { ConversationView, MessageView } from '../../src/chat/contracts/index.js';
import type { Client } from './client.js';

const told = (messages: readonly MessageView[] = []) =>
  messages
    .map(({ id, text, status }) => `${id} ${status}: ${text}`)
    .toSorted()
    .join('\n');

/** The page's conversation is kept in its browser as the server has it. Before that, without the server less would be seen. */
export async function untilKept(page: Page, client: Client): Promise<void> {
  const id = new URL(page.url()).pathname.split('/').at(-1)!;
  const here = async () => told((await copyOf(page, id))?.messages);
  await expect.poll(async () => (await here()) === told((await client.conversation(id)).messages)).toBe(true);
}

const copyOf = (page: Page, id: string): Promise<ConversationView | undefined> =>
  page.evaluate(
    (key) =>
      new Promise<ConversationView | undefined>((resolve, reject) => {
        const open = indexedDB.open('parley-offline');
        open.onerror = () => reject(open.error!);
        open.onsuccess = () => {
          const found = open.result.transaction('copies').objectStore('copies').get(key) as IDBRequest<
            { conversation: ConversationView } | undefined
          >;
          found.onerror = () => reject(found.error!);
          found.onsuccess = () => (open.result.close(), resolve(found.result?.conversation));
        };
      }),
    id,
  );
