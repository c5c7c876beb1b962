import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMedia, useSettled } from '../lib/hooks.js';
import { adminPath, Link } from '../lib/router.js';
import { RetryIcon } from '../ui/icons.js';
import { More, Field } from '../ui/parts.js';
import { eventsQuery, usersQuery, type AuditEvent } from './api.js';
import { AuditChain } from './audit-chain.js';
import { AuditExport } from './audit-export.js';
import { NO_FILTER, problemsOf, toFilter, type FilterFields } from './audit-filter.js';
import { formatMoment } from './format.js';
import { actorName, Entry, Json, Loaded, useNames } from './parts.js';

const SETTLED_MS = 300;

/** What happened in every module. `id` narrows it from the start. */
export function Audit({ id }: { id: string | null }) {
  const [fields, setFields] = useState<FilterFields>({ ...NO_FILTER, id: id ?? '' });
  const problems = problemsOf(fields);
  const valid = Object.keys(problems).length === 0;
  const settled = useSettled(JSON.stringify(valid ? toFilter(fields) : {}), SETTLED_MS);
  const filter = JSON.parse(settled) as ReturnType<typeof toFilter>;
  const events = useInfiniteQuery(eventsQuery(filter));
  const narrow = useMedia('(max-width: 600px)');
  const filtered = JSON.stringify(fields) !== JSON.stringify(NO_FILTER);
  return (
    <>
      <AuditChain />
      <section aria-labelledby="events-title">
        <div className="section-head">
          <h2 id="events-title">Events</h2>
          <div className="actions">
            <button
              type="button"
              className="icon-button"
              aria-label="Look again"
              title="Look again"
              disabled={events.isFetching}
              onClick={() => void events.refetch()}
            >
              <RetryIcon />
            </button>
            <AuditExport filter={filter} />
          </div>
        </div>
        <details className="raw filter-frame" open={!narrow || id !== null}>
          <summary>Filter</summary>
          <Filter fields={fields} problems={problems} onChange={setFields} />
          {filtered && (
            <button type="button" className="link-button" onClick={() => setFields(NO_FILTER)}>
              Show everything
            </button>
          )}
        </details>
        <Loaded query={events} what="the events" lines={['100%', '100%', '100%', '100%', '100%']}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items);
            return items.length === 0 ? (
              <p className="empty">{filtered ? 'Nothing that happened is like this.' : 'Nothing has happened yet.'}</p>
            ) : (
              <>
                <ul className="events">
                  {items.map((event) => (
                    <Event key={event.position} event={event} />
                  ))}
                </ul>
                <More query={events} label="Show older ones" />
              </>
            );
          }}
        </Loaded>
      </section>
    </>
  );
}

const MODULES = ['admin', 'auth', 'chat', 'explore', 'inference', 'notifications'];

interface FilterProps {
  fields: FilterFields;
  problems: ReturnType<typeof problemsOf>;
  onChange(fields: FilterFields): void;
}

function Filter({ fields, problems, onChange }: FilterProps) {
  const users = useQuery(usersQuery);
  const set = (key: keyof FilterFields) => ({
    value: fields[key],
    onChange: ({ target }: { target: { value: string } }) => onChange({ ...fields, [key]: target.value }),
  });
  return (
    <form className="filter" role="search" aria-label="Events" onSubmit={(event) => event.preventDefault()}>
      <Field id="filter-module" label="Module">
        {(described) => (
          <select {...described} {...set('module')}>
            <option value="">All</option>
            {MODULES.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
      </Field>
      <Field id="filter-type" label="Type begins with" error={problems.type}>
        {(described) => <input {...described} {...set('type')} placeholder="user.signed" spellCheck={false} />}
      </Field>
      <Field id="filter-actor" label="Done by">
        {(described) => (
          <select {...described} {...set('actor')}>
            <option value="">Anybody</option>
            <option value="system">The server itself</option>
            {users.data?.map(({ id, name, email }) => (
              <option key={id} value={id}>
                {name || email}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field id="filter-id" label="Has to do with id" error={problems.id}>
        {(described) => <input {...described} {...set('id')} spellCheck={false} />}
      </Field>
      <Field id="filter-from" label="From">
        {(described) => <input type="datetime-local" {...described} {...set('from')} />}
      </Field>
      <Field id="filter-to" label="Before" error={problems.to}>
        {(described) => <input type="datetime-local" {...described} {...set('to')} />}
      </Field>
    </form>
  );
}

function Event({ event }: { event: AuditEvent }) {
  const nameOf = useNames();
  const { position, type, occurredAt, actor, stream, source, correlationId, data } = event;
  return (
    <li>
      <details className="raw event">
        <summary>
          <span className="event-type mono">{type}</span>
          <span className="facts">
            <time dateTime={occurredAt}>{formatMoment(occurredAt)}</time>
            <span>{actorName(actor, nameOf)}</span>
          </span>
        </summary>
        <dl className="envelope">
          <Entry name="Position">{position}</Entry>
          <Entry name="Event">{event.id}</Entry>
          <Entry name="Stream">{stream}</Entry>
          {source && <Entry name="Stored by">{source}</Entry>}
          {actor && <Entry name="Account">{`${actor.userId} (${actor.role})`}</Entry>}
          {correlationId && (
            <Entry name="Request">
              <Link to={adminPath('audit', correlationId)} title="What else it set off">
                {correlationId}
              </Link>
            </Entry>
          )}
        </dl>
        <Json value={data} label={`Data of ${type}`} />
      </details>
    </li>
  );
}
