import { useState } from 'react';
import { useUser } from '../api/session.js';
import type { InstallView } from '../api/views.js';
import { formatBytes, formatDuration } from '../lib/format.js';
import { Progress } from '../ui/parts.js';
import { toastError } from '../ui/toast.js';
import { cancelInstall, isActive, resumeInstall, useLiveInstall, type LiveInstall } from './installs.js';

const SOURCES: Record<string, string> = {
  huggingface: 'Hugging Face',
  pypi: 'PyPI',
  folder: 'the model folder',
  ollama: 'Ollama',
};

function describe({ install, speed }: LiveInstall): string {
  const { receivedBytes, totalBytes } = install;
  switch (install.status) {
    case 'queued':
      return 'Waiting to start';
    case 'verifying':
      return 'Checking that every byte is right';
    case 'installed':
      return 'Installed';
    case 'cancelled':
      return receivedBytes > 0 ? `Paused at ${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)}` : 'Cancelled';
    case 'failed':
      return install.error?.message ?? 'The download failed.';
    case 'downloading': {
      if (receivedBytes === 0)
        return `Asking ${SOURCES[install.source ?? ''] ?? 'the source'} for ${formatBytes(totalBytes)}`;
      const parts = [`${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)}`];
      if (speed !== null && speed > 0) {
        parts.push(
          `${formatBytes(speed)}/s`,
          `${formatDuration(Math.ceil((totalBytes - receivedBytes) / speed) * 1000)} left`,
        );
      }
      return parts.join(' · ');
    }
  }
}

/** The download of a model: how far, how fast, and the way to stop it or go on. */
export function InstallProgress({ install: known }: { install: InstallView }) {
  const live = useLiveInstall(known);
  const { install } = live;
  const { role } = useUser();
  const [busy, setBusy] = useState(false);
  const run = (action: Promise<void>) => {
    setBusy(true);
    action.catch(toastError).finally(() => setBusy(false));
  };
  const unknown = install.status !== 'downloading' || install.receivedBytes === 0 || install.totalBytes === 0;
  return (
    <div className="install" data-status={install.status}>
      {isActive(install) && (
        <Progress
          value={unknown ? null : install.receivedBytes / install.totalBytes}
          label={`Installing ${install.name}`}
        />
      )}
      <div className="install-line">
        <span className={install.status === 'failed' ? 'field-error' : 'muted'}>{describe(live)}</span>
        {role === 'admin' && isActive(install) && (
          <button type="button" className="link-button" disabled={busy} onClick={() => run(cancelInstall(install))}>
            Cancel
          </button>
        )}
        {role === 'admin' && (install.status === 'cancelled' || install.status === 'failed') && (
          <button type="button" className="link-button" disabled={busy} onClick={() => run(resumeInstall(install))}>
            {install.receivedBytes > 0 ? 'Resume' : 'Try again'}
          </button>
        )}
      </div>
    </div>
  );
}
