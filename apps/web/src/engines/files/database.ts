import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { LocalConversation } from '../../browser/merge-conversations.js';
import type { Sampler } from '../engine.js';

/** A file in this browser's storage, or what came of it so far. */
export interface StoredFile {
  /** SHA-256, hex. */
  digest: string;
  name: string;
  kind: 'model' | 'adapter';
  encoding: 'gguf' | 'mediapipe';
  sizeBytes: number;
  /** All bytes are here and were checked. */
  complete: boolean;
  addedAt: string;
  usedAt: string;
}

/** What the server is told of the run of an answer. */
export interface BrowserRun {
  runtime: 'mediapipe' | 'wllama';
  model: string;
  modelDigest: string;
  adapterDigests: string[];
  sampler: Sampler;
  promptTokens: number;
  completionTokens: number;
  timeToFirstTokenMs: number | null;
  tokensPerSecond: number | null;
  finishReason: 'stop' | 'length' | 'stopped' | 'error';
  startedAt: string;
  finishedAt: string;
}

/** An answer of this browser that the server has not taken whole yet. */
export interface Draft {
  answerId: string;
  /** null: the text stays in this browser, and the server is told of the counts alone. */
  conversationId: string | null;
  text: string;
  /** null: it is still being written, or the page went away while it was. */
  end: { status: 'complete' | 'stopped' | 'failed'; error: { code: string; message: string } | null } | null;
  run: BrowserRun;
}

interface Stores extends DBSchema {
  files: { key: string; value: StoredFile };
  drafts: { key: string; value: Draft };
  keys: { key: string; value: CryptoKeyPair };
  conversations: { key: string; value: LocalConversation };
}

let open: Promise<IDBPDatabase<Stores>> | undefined;

/** What this browser keeps for the page besides files. */
export function database(): Promise<IDBPDatabase<Stores>> {
  open ??= openDB<Stores>('parley', 1, {
    upgrade(db) {
      db.createObjectStore('files', { keyPath: 'digest' });
      db.createObjectStore('drafts', { keyPath: 'answerId' });
      db.createObjectStore('keys');
      db.createObjectStore('conversations', { keyPath: 'id' });
    },
    // Another tab has a newer page: let it go on.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    terminated: () => (open = undefined),
  });
  return open;
}
