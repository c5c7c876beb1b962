import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../api/problem.js';
import { useMedia, useTitle } from '../lib/hooks.js';
import { Link, navigate, useArrival, useSearch } from '../lib/router.js';
import { local } from '../lib/storage.js';
import { PageHead } from '../shell/page-head.js';
import { Dialog } from '../ui/dialog.js';
import { FilterIcon } from '../ui/icons.js';
import { Failure } from '../ui/parts.js';
import { EntryCard } from './entry-card.js';
import { ExploreNav } from './explore-nav.js';
import { ChosenFilters, Filters } from './filters.js';
import { useKeptScroll } from './kept-scroll.js';
import { entriesQuery } from './queries.js';
import { SearchBox } from './search-box.js';
import { countFilters, explorePath, readSearch, SORTS, type Search, type Sort } from './search-state.js';
import type { EntryPage } from './views.js';
import { WaitingCards } from './waiting-cards.js';
import './explore.css';

/** Everything that can be had: searched by the server, narrowed by filters, in the address. */
export default function ExplorePage() {
  useTitle('Explore');
  const main = useArrival();
  const search = readSearch(useSearch());
  const query = useInfiniteQuery({ ...entriesQuery(search), placeholderData: keepPreviousData });
  const narrow = useMedia('(max-width: 900px)');
  const [drawer, setDrawer] = useState(false);
  const [panel, setPanel] = useState(local.get('filters') !== 'hidden');
  useKeptScroll(main, explorePath(search), query.data !== undefined);

  const first = query.data?.pages[0];
  const change = (next: Search) => navigate(explorePath(next));
  const togglePanel = () => {
    if (narrow) return setDrawer(true);
    local.set('filters', panel ? 'hidden' : null);
    setPanel(!panel);
  };
  const count = countFilters(search);
  const filters = <Filters search={search} counts={first?.facets ?? null} onChange={change} />;
  return (
    <>
      <PageHead title="Explore" />
      <main id="main" className="page-body" tabIndex={-1} ref={main}>
        <div className="page-content wide">
          <ExploreNav current="/explore" />
          <div className="explore-tools">
            <SearchBox
              label="Search models and adapters"
              q={search.q}
              onSearch={(q) => navigate(explorePath({ ...search, q }), { replace: true })}
            />
            <button
              type="button"
              className="button"
              aria-expanded={narrow ? drawer : panel}
              aria-haspopup={narrow ? 'dialog' : undefined}
              onClick={togglePanel}
            >
              <FilterIcon /> Filters{count > 0 && ` (${count})`}
            </button>
            <select
              aria-label="Order"
              value={search.sort}
              onChange={(event) => change({ ...search, sort: event.target.value as Sort })}
            >
              {Object.entries(SORTS).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </div>
          <div className="explore-columns" data-panel={panel && !narrow}>
            {panel && !narrow && (
              <aside aria-label="Filters">
                <h2 className="sr-only">Filters</h2>
                {filters}
              </aside>
            )}
            <section aria-labelledby="results-title" aria-busy={query.isFetching}>
              <h2 id="results-title" className="sr-only">
                Results
              </h2>
              {first && <Summary page={first} />}
              <ChosenFilters search={search} onChange={change} />
              <Results query={query} search={search} />
            </section>
          </div>
        </div>
      </main>
      {drawer && narrow && (
        <Dialog title="Filters" className="sheet" onClose={() => setDrawer(false)}>
          {filters}
          <div className="dialog-actions sheet-actions">
            <button type="button" className="button button-primary button-wide" onClick={() => setDrawer(false)}>
              {first ? `Show ${counted(first.total)}` : 'Show'}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

const counted = (total: number) => (total >= 1000 ? '1000 or more' : String(total));

/** How many there are, and what was looked for instead of words that nothing has. */
const Summary = ({ page: { total, corrected } }: { page: EntryPage }) => (
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

function Results({ query, search }: ResultsProps) {
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
      {query.hasNextPage && (
        <button
          type="button"
          className="button button-wide"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {query.isFetchingNextPage ? 'Loading more' : 'Show more'}
        </button>
      )}
    </>
  );
}

const Nothing = ({ search }: { search: Search }) => (
  <div className="empty">
    <p>
      {search.q ? `Nothing matches “${search.q}”` : 'Nothing matches'}
      {countFilters(search) > 0 ? ' with these filters.' : '.'}
    </p>
    <p className="failure-actions">
      {search.q && countFilters(search) > 0 && (
        <Link to={explorePath({ ...EVERYTHING, q: search.q })} className="button">
          Without filters
        </Link>
      )}
      <Link to={explorePath(EVERYTHING)} className="button">
        Show everything
      </Link>
    </p>
  </div>
);

const EVERYTHING: Search = { q: '', sort: 'relevance', installed: null, facets: {} };
