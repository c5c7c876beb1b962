import { useState, type ReactNode } from 'react';
import { CheckIcon, CloseIcon } from '../ui/icons.js';
import { FACET_NAMES, nameOf } from './names.js';
import { PLACES, type Place, type Search } from './search-state.js';
import { FACETS, type EntryPage, type Facet } from './views.js';

type Counts = EntryPage['facets'];
interface FiltersProps {
  search: Search;
  /** Null while they are not known. */
  counts: Counts;
  onChange(search: Search): void;
}

/** Values that are shown before one asks for all. */
const SHORT = 6;

/** What the results can be narrowed by, with how many each would leave. */
export const Filters = ({ search, counts, onChange }: FiltersProps) => (
  <div className="filters">
    <Installed search={search} onChange={onChange} />
    <Places search={search} onChange={onChange} />
    {FACETS.map((facet) => (
      <FacetGroup
        key={facet}
        facet={facet}
        chosen={search.facets[facet] ?? null}
        counts={counts?.[facet] ?? []}
        onChoose={(value) => onChange(withFacet(search, facet, value))}
      />
    ))}
  </div>
);

const withFacet = (search: Search, facet: Facet, value: string | null): Search => {
  const { [facet]: _before, ...rest } = search.facets;
  return { ...search, facets: value === null ? rest : { ...rest, [facet]: value } };
};

const HERE = { true: 'Installed', false: 'Not installed' } as const;

const Installed = ({ search, onChange }: Omit<FiltersProps, 'counts'>) => (
  <Group title="On this server">
    {(['true', 'false'] as const).map((value) => (
      <Choice
        key={value}
        label={HERE[value]}
        chosen={search.installed === value}
        onChoose={(chosen) => onChange({ ...search, installed: chosen ? value : null })}
      />
    ))}
  </Group>
);

const Places = ({ search, onChange }: Omit<FiltersProps, 'counts'>) => (
  <Group title="Fits">
    {(Object.keys(PLACES) as Place[]).map((place) => (
      <Choice
        key={place}
        label={PLACES[place]}
        chosen={search.fits === place}
        onChoose={(chosen) => onChange({ ...search, fits: chosen ? place : null })}
      />
    ))}
  </Group>
);

interface FacetGroupProps {
  facet: Facet;
  chosen: string | null;
  counts: readonly { value: string; count: number }[];
  onChoose(value: string | null): void;
}

function FacetGroup({ facet, chosen, counts, onChoose }: FacetGroupProps) {
  const [all, setAll] = useState(false);
  // What is chosen can always be let go of, also where nothing has it.
  const missing = chosen !== null && !counts.some(({ value }) => value === chosen);
  const values = missing ? [{ value: chosen, count: 0 }, ...counts] : counts;
  // A choice of one is none.
  if (chosen === null && values.length < 2) return null;
  const shown = all || values.length <= SHORT + 1 ? values : values.slice(0, SHORT);
  return (
    <Group title={FACET_NAMES[facet]}>
      {shown.map(({ value, count }) => (
        <Choice
          key={value}
          label={nameOf(facet, value)}
          count={count}
          chosen={value === chosen}
          onChoose={(on) => onChoose(on ? value : null)}
        />
      ))}
      {shown.length < values.length && (
        <li>
          <button type="button" className="link-button" onClick={() => setAll(true)}>
            All {values.length}
            <span className="sr-only"> of {FACET_NAMES[facet]}</span>
          </button>
        </li>
      )}
    </Group>
  );
}

const Group = ({ title, children }: { title: string; children: ReactNode }) => (
  <section aria-label={title}>
    <h3>{title}</h3>
    <ul>{children}</ul>
  </section>
);

interface ChoiceProps {
  label: string;
  count?: number;
  chosen: boolean;
  onChoose(chosen: boolean): void;
}

const Choice = ({ label, count, chosen, onChoose }: ChoiceProps) => (
  <li>
    <button type="button" className="filter" aria-pressed={chosen} onClick={() => onChoose(!chosen)}>
      <span className="clip">{label}</span>
      {chosen ? <CheckIcon /> : count !== undefined && <span className="filter-count">{count}</span>}
    </button>
  </li>
);

/** What is chosen, each with the way to let go of it. */
export function ChosenFilters({ search, onChange }: Omit<FiltersProps, 'counts'>) {
  const chosen = [
    ...(search.installed
      ? [{ key: 'installed', label: HERE[search.installed], without: { ...search, installed: null } }]
      : []),
    ...(search.fits
      ? [{ key: 'fits', label: `Fits ${PLACES[search.fits].toLowerCase()}`, without: { ...search, fits: null } }]
      : []),
    ...FACETS.flatMap((facet) => {
      const value = search.facets[facet];
      return value ? [{ key: facet, label: nameOf(facet, value), without: withFacet(search, facet, null) }] : [];
    }),
  ];
  if (chosen.length === 0) return null;
  return (
    <ul className="chosen" aria-label="Chosen filters">
      {chosen.map(({ key, label, without }) => (
        <li key={key}>
          <button type="button" className="chip" aria-label={`Without ${label}`} onClick={() => onChange(without)}>
            {label} <CloseIcon />
          </button>
        </li>
      ))}
      {chosen.length > 1 && (
        <li>
          <button
            type="button"
            className="link-button"
            onClick={() => onChange({ ...search, installed: null, fits: null, facets: {} })}
          >
            Clear all
          </button>
        </li>
      )}
    </ul>
  );
}
