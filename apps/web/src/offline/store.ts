import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { ConversationView, MessageView } from '../api/views.js';
import type { BrowserRun } from '../engines/files/database.js';

/** A conversation of the server as this browser last saw it. */
export interface Copy {
  id: string;
  ownerId: string;
  keptAt: number;
  conversation: ConversationView;
}

/** What was done here and the server has not confirmed. Made once, sent until it is taken. */
export type Change =
  | { kind: 'start' }
  /** A question for a model of the server. */
  | { kind: 'say'; message: MessageView; model: string | null; adapter: { id: string; scale: number } | null }
  /** A question and the answer that this browser makes; `ended` is false while it is written. */
  | { kind: 'turn'; message: MessageView; answer: MessageView; run: BrowserRun; ended: boolean }
  | { kind: 'rename'; title: string }
  /** `known`: the messages that were seen here; null when none was opened here. */
  | { kind: 'delete'; known: string[] | null };

export interface Queued {
  /** In the order in which it was done. */
  seq: number;
  /** UUIDv7: a change that comes twice is one. */
  id: string;
  ownerId: string;
  conversationId: string;
  madeAt: string;
  change: Change;
  /** Why the server will not take it; null while it may. */
  refused: { code: string; message: string } | null;
}

interface Stores extends DBSchema {
  queue: { key: number; value: Queued; indexes: { ownerId: string } };
  copies: { key: string; value: Copy; indexes: { keptAt: number } };
  /** Other answers of the server, by `<owner>:<name>`. */
  answers: { key: string; value: unknown };
}

let open: Promise<IDBPDatabase<Stores>> | undefined;

/** What this browser keeps for the time without the server. */
export function offlineStore(): Promise<IDBPDatabase<Stores>> {
  open ??= openDB<Stores>('parley-offline', 2, {
    upgrade(db, from) {
      if (from < 1) {
        db.createObjectStore('copies', { keyPath: 'id' }).createIndex('keptAt', 'keptAt');
        db.createObjectStore('answers');
      }
      db.createObjectStore('queue', { keyPath: 'seq', autoIncrement: true }).createIndex('ownerId', 'ownerId');
    },
    // Another tab has a newer page: let it go on.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    terminated: () => (open = undefined),
  });
  return open;
}
