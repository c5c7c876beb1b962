/** The browser's storage, which may be blocked or full: then a value is simply not kept. */
const kept = (storage: () => Storage) => ({
  get(key: string): string | null {
    try {
      return storage().getItem(`parley.${key}`);
    } catch {
      return null;
    }
  },
  set(key: string, value: string | null): void {
    try {
      if (value === null || value === '') storage().removeItem(`parley.${key}`);
      else storage().setItem(`parley.${key}`, value);
    } catch {
      // See above.
    }
  },
  clear(): void {
    try {
      for (const key of Object.keys(storage())) if (key.startsWith('parley.')) storage().removeItem(key);
    } catch {
      // See above.
    }
  },
});

/** Kept for good. */
export const local = kept(() => localStorage);
/** Kept as long as the tab. */
export const session = kept(() => sessionStorage);
