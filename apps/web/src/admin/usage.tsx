import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { formatDuration } from '../lib/format.js';
import { usageQuery, type Counts, type Latency, type Usage as UsageView, type UsageSource } from './api.js';
import { DayChart, WaitChart } from './charts.js';
import { formatCompact, formatDay, formatExact } from './format.js';
import { Loaded, Stat, Stats, TableFrame, useNames } from './parts.js';

const RANGES = [7, 30, 90] as const;
const SOURCES: readonly (readonly [UsageSource | null, string])[] = [
  [null, 'All'],
  ['chat', 'Chats'],
  ['api', 'API'],
];

/** How much was answered, for whom, by which model, and how long it took to begin. */
export function Usage() {
  const [days, setDays] = useState<number>(30);
  const [source, setSource] = useState<UsageSource | null>(null);
  const usage = useQuery(usageQuery(days, source));
  return (
    <>
      <div className="segment-row">
        <div className="segments" role="radiogroup" aria-label="Time range">
          {RANGES.map((range) => (
            <label key={range}>
              <input type="radio" name="usage-range" checked={days === range} onChange={() => setDays(range)} />
              <span>{range} days</span>
            </label>
          ))}
        </div>
        <div className="segments" role="radiogroup" aria-label="Source">
          {SOURCES.map(([name, label]) => (
            <label key={label}>
              <input type="radio" name="usage-source" checked={source === name} onChange={() => setSource(name)} />
              <span>{label}</span>
            </label>
          ))}
        </div>
      </div>
      <Loaded query={usage} what="the usage" lines={['100%', '30%', '100%', '100%', '100%', '100%']}>
        {(view) => <Report usage={view} />}
      </Loaded>
    </>
  );
}

const duration = (ms: number | null) => (ms === null ? '–' : formatDuration(ms));
const sumOf = <T,>(items: readonly T[], count: (item: T) => number) =>
  items.reduce((sum, item) => sum + count(item), 0);

function Report({ usage }: { usage: UsageView }) {
  const { total, days, timeToFirstToken: wait } = usage;
  const signUps = sumOf(days, (day) => day.signUps);
  return (
    <>
      <section aria-label="In sum">
        <Stats>
          <Stat
            label="Answers"
            value={formatCompact(total.answers)}
            note={total.failed > 0 ? `${formatExact(total.failed)} failed` : undefined}
          />
          <Stat label="Tokens written" value={formatCompact(total.completionTokens)} />
          <Stat label="Tokens read" value={formatCompact(total.promptTokens)} />
          <Stat
            label="First token"
            value={duration(wait.p50)}
            note={wait.p99 === null ? undefined : `99 %: ${duration(wait.p99)}`}
          />
          <Stat
            label="Sign-ins"
            value={formatCompact(sumOf(days, (day) => day.signIns))}
            note={signUps > 0 ? `${formatExact(signUps)} new` : undefined}
          />
          <Stat label="Installs" value={formatCompact(sumOf(days, (day) => day.installs))} />
        </Stats>
        <p className="muted section-lead">
          Counted by day (UTC): answers in conversations, and requests of programs over <code>/v1</code>.
        </p>
      </section>
      {total.answers === 0 ? (
        <p className="empty">Nothing was asked in these days.</p>
      ) : (
        <>
          <section aria-labelledby="days-title">
            <h2 id="days-title">By day</h2>
            <DayChart title="Answers" days={days} value={(day) => day.answers} bad={(day) => day.failed} />
            <DayChart title="Tokens written" days={days} value={(day) => day.completionTokens} />
            <details className="raw twin">
              <summary>Show as a table</summary>
              <DaysTable usage={usage} />
            </details>
          </section>
          <section aria-labelledby="wait-title">
            <h2 id="wait-title">Time to the first token</h2>
            <WaitChart buckets={wait.histogram} />
            <LatencyLine wait={wait} />
          </section>
          <WaitsTable first="Source" rows={usage.sources} nameOf={({ source }) => SOURCE_NAMES[source]} />
          <WaitsTable first="Model" rows={usage.models} nameOf={({ model }) => model} />
          <UsersTable usage={usage} />
        </>
      )}
    </>
  );
}

const LatencyLine = ({ wait }: { wait: Latency }) => (
  <p className="facts">
    <span>half begin within {duration(wait.p50)}</span>
    <span>nine of ten within {duration(wait.p90)}</span>
    <span>99 of 100 within {duration(wait.p99)}</span>
    <span>{formatExact(wait.answers)} answers</span>
  </p>
);

const HEADS = ['Answers', 'Failed', 'Stopped', 'Tokens written', 'Tokens read'];

const Heads = ({ first, more = [] }: { first: string; more?: readonly string[] }) => (
  <thead>
    <tr>
      {[first, ...HEADS, ...more].map((head) => (
        <th key={head} scope="col">
          {head}
        </th>
      ))}
    </tr>
  </thead>
);

const Cells = ({ counts: { answers, failed, stopped, completionTokens, promptTokens } }: { counts: Counts }) =>
  [answers, failed, stopped, completionTokens, promptTokens].map((count, index) => (
    <td key={HEADS[index]} data-zero={count === 0 || undefined}>
      {formatExact(count)}
    </td>
  ));

const WAITS = ['First token', '99 %'];

const Waits = ({ wait }: { wait: Latency }) => (
  <>
    <td>{duration(wait.p50)}</td>
    <td>{duration(wait.p99)}</td>
  </>
);

const DaysTable = ({ usage }: { usage: UsageView }) => (
  <TableFrame label="Usage by day">
    <Heads first="Day" more={['Sign-ins', 'Installs']} />
    <tbody>
      {usage.days.toReversed().map((day) => (
        <tr key={day.day}>
          <th scope="row">{formatDay(day.day)}</th>
          <Cells counts={day} />
          <td data-zero={day.signIns === 0 || undefined}>{formatExact(day.signIns)}</td>
          <td data-zero={day.installs === 0 || undefined}>{formatExact(day.installs)}</td>
        </tr>
      ))}
    </tbody>
  </TableFrame>
);

const SOURCE_NAMES: Record<UsageSource, string> = { chat: 'Chats', api: 'API (/v1)' };

type Measured = UsageView['models'][number] | UsageView['sources'][number];

/** What was used by each of them, and how long its first tokens took. */
const WaitsTable = <T extends Measured>({
  first,
  rows,
  nameOf,
}: {
  first: string;
  rows: T[];
  nameOf(row: T): string;
}) => {
  const by = first.toLowerCase();
  return (
    <section aria-labelledby={`${by}s-title`}>
      <h2 id={`${by}s-title`}>By {by}</h2>
      <TableFrame label={`Usage by ${by}`}>
        <Heads first={first} more={WAITS} />
        <tbody>
          {rows.map((row) => (
            <tr key={nameOf(row)}>
              <th scope="row">{nameOf(row)}</th>
              <Cells counts={row} />
              <Waits wait={row.timeToFirstToken} />
            </tr>
          ))}
        </tbody>
      </TableFrame>
    </section>
  );
};

function UsersTable({ usage: { users } }: { usage: UsageView }) {
  const nameOf = useNames();
  return (
    <section aria-labelledby="users-title">
      <h2 id="users-title">By person</h2>
      <TableFrame label="Usage by person">
        <Heads first="Person" />
        <tbody>
          {users.map(({ userId, ...counts }) => (
            <tr key={userId}>
              <th scope="row">{nameOf(userId)}</th>
              <Cells counts={counts} />
            </tr>
          ))}
        </tbody>
      </TableFrame>
      {users.length >= 50 && <p className="muted section-lead">The 50 who used most.</p>}
    </section>
  );
}
