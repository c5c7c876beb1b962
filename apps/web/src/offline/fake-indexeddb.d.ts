/** It is imported for what it does; its package has types, and does not say so for this path. */
declare module 'fake-indexeddb/auto';
