import { useQuery } from '@tanstack/react-query';
import { formatBytes } from '../lib/format.js';
import { adminPath, Link } from '../lib/router.js';
import { Failure } from '../ui/parts.js';
import { instancesQuery, overviewQuery, type Instance, type InstanceList } from './api.js';
import { formatCompact, formatMoment, formatSpan, plural } from './format.js';
import { Loaded, Stat, Stats } from './parts.js';

const span = (from: string, to: string) => formatSpan(Date.parse(to) - Date.parse(from));

/** Which processes there are and how they are. Up to date by itself. */
export function Instances() {
  const instances = useQuery(instancesQuery);
  return (
    <Loaded query={instances} what="the instances" lines={['100%', '30%', '100%', '100%', '100%']}>
      {(list) => (
        <>
          <Missing modules={list.modules} />
          <Summary list={list} />
          {byService(list.items).map(([service, all]) => (
            <section key={service} aria-labelledby={`service-${service}`}>
              <h2 id={`service-${service}`}>{service}</h2>
              <ul className="cards">
                {all.map((instance) => (
                  <InstanceCard key={instance.id} instance={instance} at={list.at} />
                ))}
              </ul>
            </section>
          ))}
        </>
      )}
    </Loaded>
  );
}

/** What nobody does at the moment is the first thing to see. */
function Missing({ modules }: Pick<InstanceList, 'modules'>) {
  const missing = modules.filter(({ alive }) => alive === 0).map(({ name }) => name);
  if (missing.length === 0) return null;
  return (
    <Failure
      title={missing.length === 1 ? `${missing[0]} is missing` : `${missing.join(', ')} are missing`}
      detail="No live process handles this. What needs it is refused or waits until one is started."
    />
  );
}

function Summary({ list }: { list: InstanceList }) {
  const { data: overview } = useQuery(overviewQuery);
  const live = list.items.filter(({ alive }) => alive).length;
  const silent = list.items.length - live;
  return (
    <section aria-label="Health">
      <Stats>
        <Stat label="Live processes" value={String(live)} note={silent > 0 ? `${silent} silent` : undefined} />
        {overview && (
          <>
            <Stat
              label="Events"
              value={formatCompact(overview.events.total)}
              note={`${formatCompact(overview.events.lastDay)} in a day`}
            />
            <Stat label="Unpublished" value={formatCompact(overview.events.unpublished)} />
            <Stat label="In queues" value={formatCompact(overview.deliveries.waiting)} />
            <Stat
              label="Parked"
              value={<Link to={adminPath('queues')}>{formatCompact(overview.deliveries.parked)}</Link>}
              tone={overview.deliveries.parked > 0 ? 'bad' : undefined}
            />
            <Stat label="Version" value={overview.version} note={`Node ${overview.nodeVersion}`} />
          </>
        )}
      </Stats>
      <h2 className="sr-only">Modules</h2>
      <ul className="modules">
        {list.modules.map(({ name, alive }) => (
          <li key={name} data-tone={alive === 0 ? 'bad' : 'good'}>
            <span className="dot" aria-hidden="true" />
            {name}
            <span className="muted">{alive === 0 ? 'missing' : plural(alive, 'process', 'processes')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Services that live first, then by name. */
function byService(instances: readonly Instance[]): [string, Instance[]][] {
  const names = [...new Set(instances.map(({ service }) => service))];
  const groups = names.map((name): [string, Instance[]] => [name, instances.filter(({ service }) => service === name)]);
  const dead = (all: Instance[]) => Number(!all.some(({ alive }) => alive));
  return groups.toSorted(([a, as], [b, bs]) => dead(as) - dead(bs) || a.localeCompare(b));
}

function InstanceCard({ instance, at }: { instance: Instance; at: string }) {
  const { host, pid, version, alive, startedAt, lastBeat, load, modules, http } = instance;
  return (
    <li className="card instance" data-alive={alive}>
      <div className="card-main">
        <h3>
          {host} <span className="muted">process {pid}</span>{' '}
          <span className="badge" data-tone={alive ? undefined : 'bad'}>
            {alive ? 'live' : `silent for ${span(lastBeat, at)}`}
          </span>
        </h3>
        <p className="facts">
          <span>version {version}</span>
          <span title={formatMoment(startedAt)}>up {span(startedAt, alive ? at : lastBeat)}</span>
          <span title={formatMoment(lastBeat)}>last beat {span(lastBeat, at)} ago</span>
        </p>
        <p className="facts">
          {modules.length > 0 && <span>handles {modules.join(', ')}</span>}
          {http.length > 0 && <span>serves {http.length < 6 ? `HTTP of ${http.join(', ')}` : 'HTTP'}</span>}
        </p>
        {alive && (
          <dl className="metrics">
            <Metric label="CPU" value={`${Math.round(load.cpuShare * 100)} %`} hint="100 % is one core, all the time" />
            <Metric label="Memory" value={formatBytes(load.residentBytes)} hint="Resident, without its engines" />
            <Metric
              label="Loop lag"
              value={`${Math.round(load.eventLoopLagMs)} ms`}
              hint="How late its event loop was, 99th percentile"
            />
            {load.runningRequests !== null && (
              <Metric label="Requests" value={String(load.runningRequests)} hint="Being answered, streams included" />
            )}
          </dl>
        )}
      </div>
    </li>
  );
}

const Metric = ({ label, value, hint }: { label: string; value: string; hint: string }) => (
  <div title={hint}>
    <dt>{label}</dt>
    <dd>{value}</dd>
  </div>
);
