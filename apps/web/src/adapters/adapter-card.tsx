import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/session.js';
import { formatBytes, formatDate } from '../lib/format.js';
import { Confirm } from '../ui/dialog.js';
import { Progress } from '../ui/parts.js';
import { toast, toastError } from '../ui/toast.js';
import { adaptersChanged } from './queries.js';
import { UploadForm } from './upload-form.js';
import type { AdapterVersionView, AdapterView, Visibility } from './views.js';

const SEEN_BY: Record<Visibility, string> = { private: 'Only you', group: 'Your role', public: 'Everybody' };
const WHERE = { gguf: 'server', mediapipe: 'browser' } as const;
const STEPS: Record<string, string> = {
  receiving: 'Putting the file together',
  checking: 'Checking it against its base model',
  gguf: 'Converting it for the server',
  mediapipe: 'Converting it for the browser',
  storing: 'Storing it',
};

export function AdapterCard({ adapter }: { adapter: AdapterView }) {
  const [asking, setAsking] = useState(false);
  const [adding, setAdding] = useState(false);
  const path = `/api/adapters/${adapter.id}`;
  const change = useMutation({
    mutationFn: (visibility: Visibility) => api.json('PATCH', path, { body: { visibility } }),
    onSuccess: adaptersChanged,
    onError: toastError,
  });
  const remove = useMutation({
    mutationFn: () => api.json('DELETE', path),
    onSuccess: async () => {
      toast(`${adapter.name} was deleted.`);
      await adaptersChanged();
    },
    onError: toastError,
    onSettled: () => setAsking(false),
  });
  const base = adapter.base?.modelId ?? adapter.browserBase?.modelId;
  const facts = [
    `for ${base ?? 'a model that is not installed'}`,
    adapter.license,
    `since ${formatDate(adapter.createdAt)}`,
  ];
  return (
    <li className="card adapter">
      <div className="card-main">
        <h3>{adapter.name}</h3>
        {adapter.description && <p>{adapter.description}</p>}
        <p className="facts">{facts.map((fact) => fact && <span key={fact}>{fact}</span>)}</p>
        <ul className="versions" aria-label={`Versions of ${adapter.name}`}>
          {adapter.versions.map((version) => (
            <Version key={version.id} version={version} current={version.number === adapter.current} />
          ))}
        </ul>
      </div>
      {adapter.mine && (
        <div className="card-actions">
          <select
            aria-label={`Who may use ${adapter.name}`}
            value={adapter.visibility}
            disabled={change.isPending}
            onChange={(event) => change.mutate(event.target.value as Visibility)}
          >
            {Object.entries(SEEN_BY).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
          <button
            type="button"
            className="button"
            aria-label={`New version of ${adapter.name}`}
            onClick={() => setAdding(true)}
          >
            New version
          </button>
          <button
            type="button"
            className="button"
            aria-label={`Delete ${adapter.name}`}
            onClick={() => setAsking(true)}
          >
            Delete
          </button>
        </div>
      )}
      {adding && <UploadForm adapter={adapter} onClose={() => setAdding(false)} />}
      {asking && (
        <Confirm
          title={`Delete ${adapter.name}?`}
          action="Delete adapter"
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          All its versions and files are removed. Answers that were given with it stay.
        </Confirm>
      )}
    </li>
  );
}

function Version({ version, current }: { version: AdapterVersionView; current: boolean }) {
  const { number, status, step, progress, error, files, rank, notes } = version;
  const busy = status === 'queued' || status === 'converting';
  return (
    <li className="install">
      <div className="install-line">
        <span>
          Version {number} {current && <span className="badge">In use</span>}
        </span>
        <span className="muted">
          {files.map((file) => (
            <a key={file.encoding} href={file.url} download>
              {WHERE[file.encoding]}, {formatBytes(file.sizeBytes)}
            </a>
          ))}
          {rank !== null && ` rank ${rank}`}
        </span>
      </div>
      {busy && <Progress value={status === 'queued' ? null : progress} label={`Converting version ${number}`} />}
      {busy && <span className="muted">{STEPS[step ?? ''] ?? 'Waiting to be converted'}</span>}
      {error && <span className="field-error">{error.message}</span>}
      {notes.map((note) => (
        <span key={note.code} className="muted">
          {note.message}
        </span>
      ))}
    </li>
  );
}
