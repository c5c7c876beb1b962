import type { Install } from './install.js';

/** Where installs live. */
export abstract class Installs {
  /** Stores a new one; false when another install of the same model is active. */
  abstract add(install: Install): Promise<boolean>;
  /** Inside a transaction the row stays locked until its end. */
  abstract find(id: string): Promise<Install | null>;
  abstract findActive(key: string): Promise<Install | null>;
  abstract latestOf(catalogueId: string): Promise<Install | null>;
  /** False when someone else changed it since it was read: then this copy is out of date and must not go on. */
  abstract save(install: Install): Promise<boolean>;
}
