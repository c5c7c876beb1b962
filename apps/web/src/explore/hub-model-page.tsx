import { useQuery } from '@tanstack/react-query';
import { messageOf } from '../api/problem.js';
import { formatCount, formatDate } from '../lib/format.js';
import { useTitle } from '../lib/hooks.js';
import { entryPath, Link } from '../lib/router.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { DetailPage } from './detail-page.js';
import { FileRows } from './entry-files.js';
import { Mark } from './entry-parts.js';
import { HubBadges, HubFacts } from './hub-model-card.js';
import { hubModelQuery, repositoryUrl } from './hub-queries.js';
import type { HubModelDetails } from './hub-views.js';
import { ModelCard } from './model-card.js';

/** A repository of the hub: what it has, whether that fits, and what its publisher wrote. */
export default function HubModelPage({ repository }: { repository: string }) {
  const model = useQuery(hubModelQuery(repository));
  useTitle(repository);
  return (
    <DetailPage list="/hub" name="Hub">
      {model.data ? (
        <Repository model={model.data} onAgain={() => void model.refetch()} />
      ) : (
        <>
          <h1 className="sr-only">{repository}</h1>
          {model.isError ? (
            <Failure title="This repository could not be loaded" detail={messageOf(model.error)}>
              <button type="button" className="button" onClick={() => void model.refetch()}>
                Try again
              </button>
            </Failure>
          ) : (
            <Skeleton label="Asking the hub" lines={['45%', '25%', '100%', '80%', '30%', '100%', '100%']} />
          )}
        </>
      )}
    </DetailPage>
  );
}

const Repository = ({ model, onAgain }: { model: HubModelDetails; onAgain(): void }) => (
  <>
    <header className="entry-top">
      <Mark family={model.author} />
      <div className="entry-title">
        <h1>
          {model.name} <HubBadges model={model} />
        </h1>
        <p className="facts">
          <span>{model.author}</span>
          {model.license && <span>{model.license}</span>}
          <span>{formatCount(model.downloads)} downloads</span>
          <span>{formatCount(model.likes)} likes</span>
          {model.updatedAt && <span>{formatDate(model.updatedAt)}</span>}
        </p>
      </div>
      <div className="card-actions">
        {model.entryId !== null && (
          <Link to={entryPath(model.entryId)} className="button">
            In the catalogue
          </Link>
        )}
        <a href={model.url} className="button" target="_blank" rel="noopener noreferrer">
          At the hub
        </a>
      </div>
    </header>
    <div className="entry-lead">
      <HubFacts model={model} />
    </div>
    {model.gated && (
      <p className="empty">Its licence has to be accepted at the hub, and this server needs a token of that account.</p>
    )}
    <section aria-labelledby="files-title">
      <h2 id="files-title">Files</h2>
      <FileRows files={model.files} repo={model.repository} onAgain={onAgain} />
    </section>
    <ModelCard of={repositoryUrl(model.repository)} />
  </>
);
