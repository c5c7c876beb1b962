import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMedia, useTitle } from '../lib/hooks.js';
import { navigate, useArrival, useSearch } from '../lib/router.js';
import { local } from '../lib/storage.js';
import { PageHead } from '../shell/page-head.js';
import { Dialog } from '../ui/dialog.js';
import { FilterIcon } from '../ui/icons.js';
import { ExploreNav } from './explore-nav.js';
import { ChosenFilters, Filters } from './filters.js';
import { useKeptScroll } from './kept-scroll.js';
import { entriesQuery } from './queries.js';
import { counted, Results, Summary } from './results.js';
import { SearchBox } from './search-box.js';
import { countFilters, explorePath, readSearch, SORTS, type Search, type Sort } from './search-state.js';
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
