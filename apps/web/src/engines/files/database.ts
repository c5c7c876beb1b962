import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

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

interface Stores extends DBSchema {
  files: { key: string; value: StoredFile };
}

let open: Promise<IDBPDatabase<Stores>> | undefined;

/** What this browser keeps for the page besides files. */
export function database(): Promise<IDBPDatabase<Stores>> {
  open ??= openDB<Stores>('parley', 1, {
    upgrade(db) {
      db.createObjectStore('files', { keyPath: 'digest' });
    },
    // Another tab has a newer page: let it go on.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    terminated: () => (open = undefined),
  });
  return open;
}
