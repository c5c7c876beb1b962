import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../api/problem.js';
import { catalogueQuery, installedQuery, modelsQuery } from '../api/queries.js';
import { api, useUser } from '../api/session.js';
import type { CatalogueEntryView, InstalledModelView, ModelView } from '../api/views.js';
import { formatBytes, formatDate, formatNumber, formatTokens } from '../lib/format.js';
import { useTitle } from '../lib/hooks.js';
import { useArrival } from '../lib/router.js';
import { PageHead } from '../shell/page-head.js';
import { Confirm } from '../ui/dialog.js';
import { DownloadIcon } from '../ui/icons.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { toast, toastError } from '../ui/toast.js';
import { InstallProgress } from './install-progress.js';
import { modelsChanged, startInstall } from './installs.js';

export default function ModelsPage() {
  useTitle('Models');
  const main = useArrival();
  const catalogue = useQuery(catalogueQuery);
  const installed = useQuery(installedQuery);
  const models = useQuery(modelsQuery);
  const upstream = models.data?.filter((model) => model.engine === 'openai-compatible') ?? [];
  const available = catalogue.data?.filter((entry) => !entry.installed) ?? [];
  const failed = [catalogue, installed].find((query) => query.isError);

  return (
    <>
      <PageHead title="Models" />
      <main id="main" className="page-body" tabIndex={-1} ref={main}>
        <div className="page-content">
          {failed ? (
            <Failure title="The models could not be loaded" detail={messageOf(failed.error)}>
              <button
                type="button"
                className="button"
                onClick={() => void Promise.all([catalogue.refetch(), installed.refetch()])}
              >
                Try again
              </button>
            </Failure>
          ) : !catalogue.data || !installed.data ? (
            <Skeleton label="Loading the models" lines={['30%', '100%', '100%', '30%', '100%', '100%', '100%']} />
          ) : (
            <>
              <section aria-labelledby="installed-title">
                <h2 id="installed-title">On this server</h2>
                {installed.data.length === 0 ? (
                  <p className="empty">
                    No model is installed yet. Pick one below: it is downloaded, checked and ready to answer.
                  </p>
                ) : (
                  <ul className="cards">
                    {installed.data.map((model) => (
                      <Installed key={model.id} model={model} />
                    ))}
                  </ul>
                )}
              </section>
              {upstream.length > 0 && (
                <section aria-labelledby="upstream-title">
                  <h2 id="upstream-title">Upstream</h2>
                  <ul className="cards">
                    {upstream.map((model) => (
                      <Upstream key={model.id} model={model} />
                    ))}
                  </ul>
                </section>
              )}
              <section aria-labelledby="catalogue-title">
                <h2 id="catalogue-title">Catalogue</h2>
                {available.length === 0 ? (
                  <p className="empty">Every model of the catalogue is installed.</p>
                ) : (
                  <ul className="cards">
                    {available.map((entry) => (
                      <Available key={entry.id} entry={entry} />
                    ))}
                  </ul>
                )}
              </section>
            </>
          )}
        </div>
      </main>
    </>
  );
}

const Facts = ({ facts }: { facts: readonly (string | null | false)[] }) => (
  <p className="facts">{facts.map((fact) => fact && <span key={fact}>{fact}</span>)}</p>
);

const contextOf = (tokens: number | null) => tokens !== null && tokens > 0 && `${formatTokens(tokens)} context`;

function Installed({ model }: { model: InstalledModelView }) {
  const { role } = useUser();
  const [asking, setAsking] = useState(false);
  const makeDefault = useMutation({
    mutationFn: () => api.json('PUT', '/api/explore/default-model', { body: { modelId: model.id } }),
    onSuccess: modelsChanged,
    onError: toastError,
  });
  const remove = useMutation({
    mutationFn: () => api.json('DELETE', `/api/explore/models/${encodeURIComponent(model.id)}`),
    onSuccess: async () => {
      toast(`${model.name} was deleted.`);
      await modelsChanged();
    },
    onError: toastError,
    onSettled: () => setAsking(false),
  });
  return (
    <li className="card">
      <div className="card-main">
        <h3>
          {model.name} {model.default && <span className="badge">Default</span>}
        </h3>
        <Facts
          facts={[
            formatBytes(model.sizeBytes),
            model.architecture,
            contextOf(model.contextLength),
            model.license,
            `since ${formatDate(model.installedAt)}`,
          ]}
        />
        <p className="digest mono" title="SHA-256 of the model file">
          {model.digest}
        </p>
      </div>
      {role === 'admin' && (
        <div className="card-actions">
          {!model.default && (
            <button
              type="button"
              className="button"
              aria-label={`Make ${model.name} the default`}
              disabled={makeDefault.isPending}
              onClick={() => makeDefault.mutate()}
            >
              Make default
            </button>
          )}
          <button type="button" className="button" aria-label={`Delete ${model.name}`} onClick={() => setAsking(true)}>
            Delete
          </button>
        </div>
      )}
      {asking && (
        <Confirm
          title={`Delete ${model.name}?`}
          action="Delete model"
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          Its file of {formatBytes(model.sizeBytes)} is removed from the server. Answers it has given stay. It can be
          installed again at any time.
        </Confirm>
      )}
    </li>
  );
}

const Upstream = ({ model }: { model: ModelView }) => (
  <li className="card">
    <div className="card-main">
      <h3>
        {model.name} {model.default && <span className="badge">Default</span>}
      </h3>
      <Facts facts={['Runs at the provider that this server is connected to', contextOf(model.contextLength)]} />
    </div>
  </li>
);

function Available({ entry }: { entry: CatalogueEntryView }) {
  const { role } = useUser();
  const install = useMutation({ mutationFn: () => startInstall(entry.id), onError: toastError });
  return (
    <li className="card">
      <div className="card-main">
        <h3>
          {entry.name} {entry.default && <span className="badge">Recommended to begin with</span>}
        </h3>
        <p>{entry.description}</p>
        <Facts
          facts={[
            formatBytes(entry.sizeBytes),
            `${formatParameters(entry.parameters)} parameters`,
            entry.quantization,
            contextOf(entry.contextLength),
            entry.license,
          ]}
        />
        {entry.install && entry.install.status !== 'installed' && (
          <InstallProgress key={entry.install.id} install={entry.install} />
        )}
      </div>
      {role === 'admin' && (!entry.install || entry.install.status === 'installed') && (
        <div className="card-actions">
          <button
            type="button"
            className="button button-primary"
            aria-label={`Install ${entry.name}`}
            disabled={install.isPending}
            onClick={() => install.mutate()}
          >
            <DownloadIcon /> Install
          </button>
        </div>
      )}
    </li>
  );
}

const formatParameters = (count: number): string =>
  count >= 1e9 ? `${formatNumber(count / 1e9)} B` : `${formatNumber(count / 1e6)} M`;
