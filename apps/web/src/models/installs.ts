import { useEffect, useState } from 'react';
import { follow } from '../api/events.js';
import { forgetModels, queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import type { InstallView } from '../api/views.js';
import { tellTabs } from '../lib/tabs.js';
import { addSample, speedOf, type Sample } from './speed.js';

export const isActive = ({ status }: InstallView): boolean =>
  status === 'queued' || status === 'downloading' || status === 'verifying';

/** Inference learns of a new model by an event, a moment after the installer said that it is there. */
const LEARNT_MS = 1500;

/** All that a change of the installed models changes. */
export async function modelsChanged(): Promise<void> {
  tellTabs({ type: 'models-changed' });
  setTimeout(() => void queryClient.invalidateQueries({ queryKey: ['models'] }), LEARNT_MS);
  await forgetModels();
}

export interface LiveInstall {
  install: InstallView;
  /** Bytes a second, while downloading. */
  speed: number | null;
}

/** An install as it goes on, from what is known of it so far. */
export function useLiveInstall(known: InstallView): LiveInstall {
  const [live, setLive] = useState<{ install: InstallView; samples: Sample[] } | null>(null);
  const active = isActive(known);
  useEffect(() => {
    if (!active) return;
    const controller = new AbortController();
    const { signal } = controller;
    const path = `/api/explore/installs/${encodeURIComponent(known.id)}/stream`;
    follow({
      signal,
      open: (_last, connection) => api.stream(path, { signal: connection }),
      onEvent: ({ event, data }) => {
        if (event !== 'progress' && event !== 'done') return false;
        const install = JSON.parse(data) as InstallView;
        setLive((previous) => ({
          install,
          samples:
            install.status === 'downloading'
              ? addSample(previous?.samples ?? [], { at: performance.now(), bytes: install.receivedBytes })
              : [],
        }));
        return event === 'done';
      },
    }).then(
      () => (signal.aborted ? undefined : modelsChanged()),
      // The server no longer knows it: what the catalogue says is what holds.
      forgetModels,
    );
    return () => controller.abort();
  }, [known.id, active]);

  // What the catalogue says after the stream ended is newer than the stream.
  const install = live && live.install.id === known.id && active ? live.install : known;
  return { install, speed: install.status === 'downloading' && live ? speedOf(live.samples) : null };
}

const act = (install: InstallView, action: 'cancel' | 'resume') =>
  api.json('POST', `/api/explore/installs/${encodeURIComponent(install.id)}/${action}`).then(modelsChanged);

/** An entry of the catalogue, or a file of a repository of the hub. */
export type Installable = { catalogueId: string } | { repo: string | null; file: string };

export const startInstall = (what: Installable): Promise<void> =>
  api
    .json('POST', 'file' in what ? '/api/explore/hub/installs' : '/api/explore/installs', { body: what })
    .then(modelsChanged);
export const cancelInstall = (install: InstallView): Promise<void> => act(install, 'cancel');
export const resumeInstall = (install: InstallView): Promise<void> => act(install, 'resume');
