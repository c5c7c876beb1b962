import { useMutation } from '@tanstack/react-query';
import { useUser } from '../api/session.js';
import { entryPath, Link } from '../lib/router.js';
import { InstallProgress } from '../models/install-progress.js';
import { startInstall } from '../models/installs.js';
import { DownloadIcon } from '../ui/icons.js';
import { toastError } from '../ui/toast.js';
import type { EntryView } from './views.js';

/** An install that has something to say: it runs, or it ended without a model. */
export const openInstall = ({ install, installedAs }: EntryView) =>
  install && install.status !== 'installed' && installedAs === null ? install : null;

/** The way to have a model on this server, for those who may. */
export function InstallButton({ entry }: { entry: EntryView }) {
  const { role } = useUser();
  const install = useMutation({ mutationFn: () => startInstall({ catalogueId: entry.id }), onError: toastError });
  if (role !== 'admin' || entry.kind !== 'model' || entry.installedAs !== null || openInstall(entry)) return null;
  if (!entry.installable) {
    return (
      <Link to={entryPath(entry.id)} className="button" aria-label={`Choose a file of ${entry.name}`}>
        Choose a file
      </Link>
    );
  }
  return (
    <button
      type="button"
      className="button button-primary"
      aria-label={`Install ${entry.name}`}
      disabled={install.isPending}
      onClick={() => install.mutate()}
    >
      <DownloadIcon /> Install
    </button>
  );
}

export function EntryInstall({ entry }: { entry: EntryView }) {
  const install = openInstall(entry);
  return install && <InstallProgress key={install.id} install={install} />;
}
