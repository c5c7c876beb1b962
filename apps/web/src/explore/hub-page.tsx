import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { messageOf } from '../api/problem.js';
import { useTitle } from '../lib/hooks.js';
import { navigate, useArrival, useSearch } from '../lib/router.js';
import { PageHead } from '../shell/page-head.js';
import { More, Failure } from '../ui/parts.js';
import { ExploreNav } from './explore-nav.js';
import { HubModelCard } from './hub-model-card.js';
import { hubModelsQuery } from './hub-queries.js';
import {
  HUB_KINDS,
  HUB_SORTS,
  hubPath,
  readHubSearch,
  type HubKind,
  type HubSearch,
  type HubSort,
} from './hub-search.js';
import { SearchBox } from './search-box.js';
import { useKeptScroll } from './kept-scroll.js';
import { WaitingCards } from './waiting-cards.js';
import './explore.css';

/** Looks in the hub itself, as it is now. Nothing of it is in the catalogue before it is installed. */
export default function HubPage() {
  useTitle('Hub');
  const main = useArrival();
  const search = readHubSearch(useSearch());
  const query = useInfiniteQuery({ ...hubModelsQuery(search), placeholderData: keepPreviousData });
  const models = query.data?.pages.flatMap(({ items }) => items);
  const change = (part: Partial<HubSearch>) => navigate(hubPath({ ...search, ...part }));
  useKeptScroll(main, hubPath(search), models !== undefined);
  return (
    <>
      <PageHead title="Hub" />
      <main id="main" className="page-body" tabIndex={-1} ref={main}>
        <div className="page-content wide">
          <ExploreNav current="/hub" />
          <div className="explore-tools">
            <SearchBox
              label="Search the hub"
              q={search.q}
              onSearch={(q) => navigate(hubPath({ ...search, q }), { replace: true })}
            />
            <Choice
              label="Kind"
              options={HUB_KINDS}
              value={search.kind}
              onChange={(kind: HubKind) => change({ kind })}
            />
            <Choice
              label="Order"
              options={HUB_SORTS}
              value={search.sort}
              onChange={(sort: HubSort) => change({ sort })}
            />
          </div>
          {query.isError && (
            <Failure
              title={models ? 'This is what was known before' : 'The hub could not be searched'}
              detail={messageOf(query.error)}
            >
              <button type="button" className="button" onClick={() => void query.refetch()}>
                Try again
              </button>
            </Failure>
          )}
          {models ? (
            <>
              <h2 className="sr-only">Results</h2>
              {models.length === 0 && (
                <p className="empty">The hub has nothing that matches{search.q && ` “${search.q}”`}.</p>
              )}
              <ul className="entries" data-old={query.isPlaceholderData || undefined}>
                {models.map((model) => (
                  <HubModelCard key={model.repository} model={model} />
                ))}
              </ul>
              <More query={query} />
            </>
          ) : (
            !query.isError && <WaitingCards label="Searching the hub" />
          )}
        </div>
      </main>
    </>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  options: Record<T, string>;
  value: T;
  onChange(value: T): void;
}

const Choice = <T extends string>({ label, options, value, onChange }: ChoiceProps<T>) => (
  <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value as T)}>
    {Object.entries<string>(options).map(([key, name]) => (
      <option key={key} value={key}>
        {name}
      </option>
    ))}
  </select>
);
