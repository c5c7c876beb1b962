import { useSyncExternalStore } from 'react';
import { Store } from '../api/store.js';

/** A model on its way into this browser, in this tab. */
export interface Download {
  receivedBytes: number;
  sizeBytes: number;
  cancel(): void;
}

const downloads = new Store<ReadonlyMap<string, Download>>(new Map());

export const beginDownload = (digest: string, download: Download): void =>
  downloads.update((all) => new Map(all).set(digest, download));

export const downloadGrew = (digest: string, receivedBytes: number): void =>
  downloads.update((all) => {
    const known = all.get(digest);
    return known ? new Map(all).set(digest, { ...known, receivedBytes }) : all;
  });

export const endDownload = (digest: string): void =>
  downloads.update((all) => new Map([...all].filter(([other]) => other !== digest)));

export const useDownload = (digest: string): Download | null =>
  useSyncExternalStore(downloads.subscribe, downloads.get).get(digest) ?? null;
