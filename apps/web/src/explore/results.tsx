import { messageOf } from '../api/problem.js';
import { useUser } from '../api/session.js';
import { Link } from '../lib/router.js';
import { Failure, More } from '../ui/parts.js';
import { EntryCard } from './entry-card.js';
import { hubPath } from './hub-search.js';
import { countFilters, explorePath, type Search } from './search-state.js';
import type { EntryPage } from './views.js';
import { WaitingCards } from './waiting-cards.js';

export const counted = (total: number) => (total >= 1000 ? '1000 or more' : String(total));

/** How many there are, and what was looked for instead of words that nothing has. */
export const Summary = ({ page: { total, corrected } }: { page: EntryPage }) => (
  <div role="status" className="explore-summary">
    {corrected.map(({ typed, meant }) => (
      <p key={typed}>
        Nothing has “{typed}”. Showing results for{' '}
        {meant.map((word, index) => (
          <span key={word}>
            {index > 0 && ' or '}
            <strong>{word}</strong>
          </span>
        ))}
        .
      </p>
    ))}
    <p className="muted">
      {counted(total)} {total === 1 ? 'entry' : 'entries'}
    </p>
  </div>
);

interface ResultsProps {
  query: {
    data: { pages: EntryPage[] } | undefined;
    isError: boolean;
    error: unknown;
    isPlaceholderData: boolean;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    refetch(): Promise<unknown>;
    fetchNextPage(): Promise<unknown>;
  };
  search: Search;
}

export function Results({ query, search }: ResultsProps) {
  const entries = query.data?.pages.flatMap(({ items }) => items);
  if (!entries) {
    return query.isError ? (
      <Failure title="The catalogue could not be searched" detail={messageOf(query.error)}>
        <button type="button" className="button" onClick={() => void query.refetch()}>
          Try again
        </button>
      </Failure>
    ) : (
      <WaitingCards label="Searching the catalogue" />
    );
  }
  if (entries.length === 0) return <Nothing search={search} />;
  return (
    <>
      {query.isError && <Failure title="This is what was known before" detail={messageOf(query.error)} />}
      <ul className="entries" data-old={query.isPlaceholderData || undefined}>
        {entries.map((entry) => (
          <EntryCard key={entry.id} entry={entry} />
        ))}
      </ul>
      <More query={query} />
    </>
  );
}

function Nothing({ search }: { search: Search }) {
  const { role } = useUser();
  const { q } = search;
  const filtered = countFilters(search) > 0;
  return (
    <div className="empty">
      <p>
        {q ? `Nothing matches “${q}”` : 'Nothing matches'}
        {filtered ? ' with these filters.' : '.'}
      </p>
      <p className="empty-actions">
        {q && filtered && (
          <Link to={explorePath({ ...EVERYTHING, q })} className="button">
            Without filters
          </Link>
        )}
        {q && role === 'admin' && (
          <Link to={hubPath({ q, kind: 'gguf', sort: 'downloads' })} className="button">
            Look in the hub
          </Link>
        )}
        <Link to={explorePath(EVERYTHING)} className="button">
          Show everything
        </Link>
      </p>
    </div>
  );
}

const EVERYTHING: Search = { q: '', sort: 'relevance', installed: null, fits: null, facets: {} };
