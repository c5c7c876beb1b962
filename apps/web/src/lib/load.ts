import { session } from './storage.js';

const SOON_MS = 30_000;

/**
 * Loads a part of the client that is not in the first download. When the server was updated meanwhile, that part is
 * gone under its old name: then the page is loaded anew, once, and has the new one.
 */
export async function loadPart<T>(part: () => Promise<T>): Promise<T> {
  try {
    return await part();
  } catch (error) {
    const last = Number(session.get('reloaded') ?? 0);
    if (!navigator.onLine || Date.now() - last < SOON_MS) throw error;
    session.set('reloaded', String(Date.now()));
    location.reload();
    return new Promise(() => undefined); // The page is on its way out.
  }
}
