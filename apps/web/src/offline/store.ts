import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { ConversationView } from '../api/views.js';

/** A conversation of the server as this browser last saw it. */
export interface Copy {
  id: string;
  ownerId: string;
  keptAt: number;
  conversation: ConversationView;
}

interface Stores extends DBSchema {
  copies: { key: string; value: Copy; indexes: { keptAt: number } };
  /** Other answers of the server, by `<owner>:<name>`. */
  answers: { key: string; value: unknown };
}

let open: Promise<IDBPDatabase<Stores>> | undefined;

/** What this browser keeps for the time without the server. */
export function offlineStore(): Promise<IDBPDatabase<Stores>> {
  open ??= openDB<Stores>('parley-offline', 1, {
    upgrade(db) {
      db.createObjectStore('copies', { keyPath: 'id' }).createIndex('keptAt', 'keptAt');
      db.createObjectStore('answers');
    },
    // Another tab has a newer page: let it go on.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    terminated: () => (open = undefined),
  });
  return open;
}
