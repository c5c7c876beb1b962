import { useMutation, useQuery } from '@tanstack/react-query';
import { messageOf } from '../api/problem.js';
import { useUser } from '../api/session.js';
import type { InstallView } from '../api/views.js';
import { formatBytes } from '../lib/format.js';
import { InstallProgress } from '../models/install-progress.js';
import { startInstall } from '../models/installs.js';
import { DownloadIcon } from '../ui/icons.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { toastError } from '../ui/toast.js';
import { EntryFit, Fits } from './fit.js';
import { entryFilesQuery, installsQuery } from './queries.js';
import type { EntryFileList, EntryFileView, EntryView, FitView } from './views.js';

/** What the model can be installed from: its quantisations, each with what it needs. */
export function EntryFiles({ entry }: { entry: EntryView }) {
  if (entry.kind !== 'model') return null;
  return (
    <section aria-labelledby="files-title">
      <h2 id="files-title">Files</h2>
      <Files entry={entry} />
    </section>
  );
}

function Files({ entry }: { entry: EntryView }) {
  const { id, repo, fit } = entry;
  const files = useQuery(entryFilesQuery(id));
  if (files.data)
    return <FileRows files={files.data} repo={repo} estimate={fit} onAgain={() => void files.refetch()} />;
  return files.isError ? (
    <>
      <Failure title="Its files are not known" detail={messageOf(files.error)}>
        <button type="button" className="button" onClick={() => void files.refetch()}>
          Try again
        </button>
      </Failure>
      <EntryFit entry={entry} />
    </>
  ) : (
    <Skeleton label="Asking for its files" lines={['100%', '100%', '100%']} />
  );
}

interface FileRowsProps {
  files: EntryFileList;
  repo: string | null;
  /** Of the file that an entry itself stands for, while its header cannot be read. */
  estimate?: FitView | null;
  onAgain(): void;
}

/** The files of an entry or of a repository, with what each needs. What an entry itself stands for is installed at its head. */
export function FileRows({ files: { items, problem }, repo, estimate, onAgain }: FileRowsProps) {
  const installs = useQuery(installsQuery);
  return (
    <>
      {problem && (
        <Failure title="The hub could not be asked for all files" detail={problem.message}>
          <button type="button" className="button" onClick={onAgain}>
            Try again
          </button>
        </Failure>
      )}
      {items.length === 0 ? (
        <p className="empty">It has no file that an engine of this server or a browser reads.</p>
      ) : (
        <ul className="rows">
          {items.map((listed) => {
            const guessed = listed.chosen && listed.fit.verdict === 'unknown' && estimate;
            const file = guessed ? { ...listed, fit: estimate } : listed;
            const latest = installs.data?.find((install) => install.catalogueId === `hf:${repo}/${file.file}`);
            const open = !file.installed && latest && latest.status !== 'installed' ? latest : null;
            return <FileRow key={file.file} file={file} repo={repo} install={open} />;
          })}
        </ul>
      )}
    </>
  );
}

interface FileRowProps {
  file: EntryFileView;
  repo: string | null;
  install: InstallView | null;
}

function FileRow({ file, repo, install }: FileRowProps) {
  const { role } = useUser();
  const start = useMutation({ mutationFn: () => startInstall({ repo, file: file.file }), onError: toastError });
  return (
    <li>
      <div className="row-main">
        <p>
          <strong>{file.quantization ?? file.format.toUpperCase()}</strong>{' '}
          {file.chosen && <span className="badge">This one</span>}{' '}
          {file.installed && <span className="badge">Installed</span>}
        </p>
        <p className="muted clip">{file.file}</p>
        <Fits file={file} />
        {install && !file.chosen && <InstallProgress key={install.id} install={install} />}
      </div>
      <span className="row-size">{formatBytes(file.sizeBytes)}</span>
      {role === 'admin' && file.installable && !file.chosen && !file.installed && !install && (
        <button
          type="button"
          className="button"
          aria-label={`Install ${file.file}`}
          disabled={start.isPending}
          onClick={() => start.mutate()}
        >
          <DownloadIcon /> Install
        </button>
      )}
    </li>
  );
}
