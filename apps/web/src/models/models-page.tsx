import { useQuery } from '@tanstack/react-query';
import { messageOf } from '../api/problem.js';
import { installedQuery, modelsQuery } from '../api/queries.js';
import type { InstalledModelView, InstallView, ModelView } from '../api/views.js';
import { ExploreNav } from '../explore/explore-nav.js';
import { installsQuery, useEntryOf } from '../explore/queries.js';
import { formatBytes, formatDate, formatTokens } from '../lib/format.js';
import { useTitle } from '../lib/hooks.js';
import { entryPath, Link, useArrival } from '../lib/router.js';
import { PageHead } from '../shell/page-head.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { InstallProgress } from './install-progress.js';
import { ModelActions } from './model-actions.js';

/** What is on this server, on its way to it, or reached through it. */
export default function ModelsPage() {
  useTitle('Models on this server');
  const main = useArrival();
  const installed = useQuery(installedQuery);
  const installs = useQuery(installsQuery);
  const models = useQuery(modelsQuery);
  const entryOf = useEntryOf();
  const upstream = models.data?.filter((model) => model.engine === 'openai-compatible') ?? [];
  const failed = [installed, installs].find((query) => query.isError);
  return (
    <>
      <PageHead title="Models on this server" />
      <main id="main" className="page-body" tabIndex={-1} ref={main}>
        <div className="page-content wide">
          <ExploreNav current="/models" />
          {failed ? (
            <Failure title="The models could not be loaded" detail={messageOf(failed.error)}>
              <button
                type="button"
                className="button"
                onClick={() => void Promise.all([installed.refetch(), installs.refetch()])}
              >
                Try again
              </button>
            </Failure>
          ) : !installed.data || !installs.data ? (
            <Skeleton label="Loading the models" lines={['30%', '100%', '100%', '30%', '100%', '100%', '100%']} />
          ) : (
            <>
              <Installs installs={unfinished(installs.data)} />
              <section aria-labelledby="installed-title">
                <h2 id="installed-title">Installed</h2>
                {installed.data.length === 0 ? (
                  <p className="empty">
                    No model is installed yet. Pick one in the <Link to="/explore">catalogue</Link>: it is downloaded,
                    checked and ready to answer.
                  </p>
                ) : (
                  <ul className="cards">
                    {installed.data.map((model) => (
                      <Installed key={model.id} model={model} entryId={entryOf(model.digest)} />
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
            </>
          )}
        </div>
      </main>
    </>
  );
}

/** The latest install of each entry, where it did not end with a model. */
const unfinished = (installs: readonly InstallView[]): InstallView[] =>
  installs.filter(
    ({ catalogueId, status }, at) =>
      status !== 'installed' && installs.findIndex((other) => other.catalogueId === catalogueId) === at,
  );

const Installs = ({ installs }: { installs: readonly InstallView[] }) =>
  installs.length > 0 && (
    <section aria-labelledby="installs-title">
      <h2 id="installs-title">On the way</h2>
      <ul className="cards">
        {installs.map((install) => (
          <li key={install.id} className="card">
            <div className="card-main">
              <h3>
                <Link to={entryPath(install.catalogueId)}>{install.name}</Link>
              </h3>
              <InstallProgress install={install} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );

const Facts = ({ facts }: { facts: readonly (string | null | false)[] }) => (
  <p className="facts">{facts.map((fact) => fact && <span key={fact}>{fact}</span>)}</p>
);

const contextOf = (tokens: number | null) => tokens !== null && tokens > 0 && `${formatTokens(tokens)} context`;

const Installed = ({ model, entryId }: { model: InstalledModelView; entryId: string | null }) => (
  <li className="card">
    <div className="card-main">
      <h3>
        {entryId === null ? model.name : <Link to={entryPath(entryId)}>{model.name}</Link>}{' '}
        {model.default && <span className="badge">Default</span>}
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
    <div className="card-actions">
      <ModelActions model={model} />
    </div>
  </li>
);

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
