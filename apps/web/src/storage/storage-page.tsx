import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../api/problem.js';
import { setTemperature, temperature } from '../browser/browser-sampler.js';
import { browserFiles, type StoredFile } from '../engines/files/browser-files.js';
import { loadedModel, unloadModel } from '../engines/loaded-engine.js';
import { ExploreNav } from '../explore/explore-nav.js';
import { useEntryOf } from '../explore/queries.js';
import { formatBytes, formatDate, formatPercent } from '../lib/format.js';
import { useTitle } from '../lib/hooks.js';
import { entryPath, Link, useArrival } from '../lib/router.js';
import { PageHead } from '../shell/page-head.js';
import { FilesOnServer } from './files-on-server.js';
import { Conversations } from './conversations-here.js';
import { Waiting } from './waiting-here.js';
import { Confirm } from '../ui/dialog.js';
import { Failure, Field, Progress, Skeleton } from '../ui/parts.js';
import { toast, toastError } from '../ui/toast.js';

const storageQuery = {
  queryKey: ['browser-storage'],
  queryFn: async () => {
    const [files, quota] = await Promise.all([browserFiles.list(), browserFiles.quota()]);
    return { files, quota, loaded: loadedModel() };
  },
  staleTime: 0,
};

/** What this browser holds for models that run in it. Nothing of it is on the server. */
export default function StoragePage() {
  useTitle('Storage');
  const main = useArrival();
  const storage = useQuery({ ...storageQuery, enabled: isSecureContext });
  return (
    <>
      <PageHead title="Storage" />
      <main id="main" className="page-body" tabIndex={-1} ref={main}>
        <div className="page-content wide">
          <ExploreNav current="/storage" />
          {!isSecureContext ? (
            <Failure
              title="Models cannot run in this browser here"
              detail="Browsers allow it over HTTPS or on this very machine (localhost) only."
            />
          ) : storage.isPending ? (
            <Skeleton label="Looking at the storage" lines={['100%', '60%', '100%']} />
          ) : storage.isError ? (
            <Failure title="The storage cannot be read" detail={messageOf(storage.error)} />
          ) : (
            <>
              <Waiting />
              <Space {...storage.data.quota} />
              <Files files={storage.data.files} loaded={storage.data.loaded} />
              <FilesOnServer />
              <Conversations />
              <Answers />
            </>
          )}
        </div>
      </main>
    </>
  );
}

const useChanged = () => {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: storageQuery.queryKey });
};

function Space({ usedBytes, quotaBytes, persisted }: { usedBytes: number; quotaBytes: number; persisted: boolean }) {
  const changed = useChanged();
  const persist = useMutation({
    mutationFn: () => browserFiles.persist(),
    onSuccess: async (granted) => {
      toast(
        granted ? 'The browser keeps it.' : 'The browser did not agree; it asks when Parley is installed or used more.',
      );
      await changed();
    },
    onError: toastError,
  });
  const share = quotaBytes > 0 ? usedBytes / quotaBytes : null;
  return (
    <section aria-labelledby="space-title">
      <h2 id="space-title">Space in this browser</h2>
      <div className="card">
        <div className="card-main">
          <h3>
            {formatBytes(usedBytes)} of {formatBytes(quotaBytes)}
          </h3>
          <Progress value={share} label="Used space" />
          <p className="facts">
            {share !== null && <span>{formatPercent(share)} used</span>}
            <span>{persisted ? 'kept until you delete it' : 'the browser may clear it when space is short'}</span>
          </p>
        </div>
        {!persisted && (
          <div className="card-actions">
            <button type="button" className="button" disabled={persist.isPending} onClick={() => persist.mutate()}>
              Keep it
            </button>
          </div>
        )}
      </div>
    </section>
  );
}

function Files({ files, loaded }: { files: readonly StoredFile[]; loaded: string | null }) {
  return (
    <section aria-labelledby="files-title">
      <h2 id="files-title">Models and adapters</h2>
      <p className="muted section-lead">
        They come from Parley when they are first used, are checked by their SHA-256 and stay for the next time.
      </p>
      {files.length === 0 ? (
        <p className="empty">Nothing yet. Choose a model “in this browser” in a chat.</p>
      ) : (
        <ul className="cards">
          {files.map((file) => (
            <FileCard key={file.digest} file={file} loaded={file.digest === loaded} />
          ))}
        </ul>
      )}
    </section>
  );
}

function FileCard({ file, loaded }: { file: StoredFile; loaded: boolean }) {
  const entry = useEntryOf()(file.digest);
  const changed = useChanged();
  const [asking, setAsking] = useState(false);
  const unload = useMutation({ mutationFn: unloadModel, onSuccess: changed, onError: toastError });
  const remove = useMutation({
    mutationFn: async () => {
      if (loaded) await unloadModel();
      await browserFiles.remove(file.digest);
    },
    onSuccess: async () => {
      toast(`“${file.name}” was deleted from this browser.`);
      await changed();
    },
    onError: toastError,
    onSettled: () => setAsking(false),
  });
  return (
    <li className="card">
      <div className="card-main">
        <h3>
          {entry ? <Link to={entryPath(entry)}>{file.name}</Link> : file.name}{' '}
          <span className="badge">{file.kind === 'model' ? 'Model' : 'LoRA adapter'}</span>
          {loaded && <span className="badge">In memory</span>}
        </h3>
        <p className="facts">
          <span>{formatBytes(file.sizeBytes)}</span>
          <span>{file.encoding === 'gguf' ? 'GGUF' : 'MediaPipe'}</span>
          <span>
            {file.complete ? `last used ${formatDate(file.usedAt)}` : 'not complete: goes on when it is used'}
          </span>
        </p>
        <p className="digest mono">{file.digest}</p>
      </div>
      <div className="card-actions">
        {loaded && (
          <button type="button" className="button" disabled={unload.isPending} onClick={() => unload.mutate()}>
            Unload
          </button>
        )}
        <button type="button" className="button" aria-label={`Delete ${file.name}`} onClick={() => setAsking(true)}>
          Delete
        </button>
      </div>
      {asking && (
        <Confirm
          title={`Delete “${file.name}” from this browser?`}
          action="Delete"
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          It stays on the server and comes again when it is used here.
        </Confirm>
      )}
    </li>
  );
}

function Answers() {
  const [value, setValue] = useState(() => String(temperature()));
  const number = Number(value);
  const wrong = value.trim() === '' || !(number >= 0 && number <= 2);
  return (
    <section aria-labelledby="answers-title">
      <h2 id="answers-title">Answers made in this browser</h2>
      <Field
        id="temperature"
        label="Temperature"
        hint="0 always takes the likeliest word, 2 is wild. A change makes the model load again."
        error={wrong ? 'A number from 0 to 2.' : null}
      >
        {(described) => (
          <input
            {...described}
            type="number"
            min={0}
            max={2}
            step={0.1}
            value={value}
            onChange={({ target }) => {
              setValue(target.value);
              const next = Number(target.value);
              if (target.value.trim() !== '' && next >= 0 && next <= 2) setTemperature(next);
            }}
          />
        )}
      </Field>
    </section>
  );
}
