import { useQuery } from '@tanstack/react-query';
import { messageOf, Problem } from '../api/problem.js';
import { useTitle } from '../lib/hooks.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { DetailPage } from './detail-page.js';
import { EntryActions } from './entry-actions.js';
import { EntryAdapters } from './entry-adapters.js';
import { EntryFiles } from './entry-files.js';
import { Capabilities, EntryBadges, EntryMark } from './entry-parts.js';
import { EntryTable } from './entry-table.js';
import { EntryInstall, openInstall } from './install-button.js';
import { ModelCard } from './model-card.js';
import { entryQuery, entryUrl } from './queries.js';
import { RatingControl } from './stars.js';
import type { EntryView } from './views.js';

/** All about one model or adapter. */
export default function EntryPage({ id }: { id: string }) {
  const entry = useQuery(entryQuery(id));
  useTitle(entry.data?.name ?? 'Explore');
  return (
    <DetailPage list="/explore" name="Explore">
      {entry.data ? (
        <Entry entry={entry.data} />
      ) : entry.isError ? (
        <>
          <h1 className="sr-only">Explore</h1>
          <Failure
            title={isGone(entry.error) ? 'The catalogue has no such entry' : 'This entry could not be loaded'}
            detail={isGone(entry.error) ? 'It was removed, or it is not shared with you.' : messageOf(entry.error)}
          >
            <button type="button" className="button" onClick={() => void entry.refetch()}>
              Try again
            </button>
          </Failure>
        </>
      ) : (
        <>
          <h1 className="sr-only">Explore</h1>
          <Skeleton label="Loading the entry" lines={['45%', '25%', '100%', '80%', '30%', '100%', '100%']} />
        </>
      )}
    </DetailPage>
  );
}

const isGone = (error: unknown) => error instanceof Problem && error.status === 404;

const Entry = ({ entry }: { entry: EntryView }) => (
  <>
    <header className="entry-top">
      <EntryMark entry={entry} />
      <div className="entry-title">
        <h1>
          {entry.name} <EntryBadges entry={entry} />
        </h1>
        <p className="facts">
          {entry.publisher && <span>{entry.publisher}</span>}
          {entry.license && <span>{entry.license}</span>}
        </p>
      </div>
      <EntryActions entry={entry} />
    </header>
    {openInstall(entry) && (
      <div className="card">
        <div className="card-main">
          <EntryInstall entry={entry} />
        </div>
      </div>
    )}
    <p className="entry-lead">{entry.description}</p>
    <Capabilities entry={entry} />
    <RatingControl entry={entry} />
    <EntryFiles entry={entry} />
    <section aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <EntryTable entry={entry} />
    </section>
    <EntryAdapters entry={entry} />
    <ModelCard of={entryUrl(entry.id)} />
  </>
);
