import { formatDuration } from '../lib/format.js';
import type { Usage, UsageDay } from './api.js';
import { formatCompact, formatDay, formatExact, plural } from './format.js';

const HEIGHT = 100;
const STEP = 10;
const GAP = 2;
/** What is not nothing shows. */
const LEAST = 1.5;

interface Bar {
  key: string;
  value: number;
  /** The part of it that is bad. */
  bad?: number;
  /** What the pointer is told. */
  tip: string;
}

interface BarsProps {
  label: string;
  bars: readonly Bar[];
  most: number;
}

/** Bars that fill the width they get. The same figures stand beside it as text or as a table, for whoever cannot see it. */
const Bars = ({ label, bars, most }: BarsProps) => (
  <svg
    className="bars"
    viewBox={`0 0 ${bars.length * STEP} ${HEIGHT}`}
    preserveAspectRatio="none"
    role="img"
    aria-label={label}
  >
    {bars.map(({ key, value, bad = 0, tip }, index) => {
      const heightOf = (count: number) => (count === 0 ? 0 : Math.max(LEAST, (count / most) * HEIGHT));
      const x = index * STEP + GAP / 2;
      return (
        <g key={key} className="bar">
          <title>{tip}</title>
          <rect className="bar-room" x={index * STEP} y={0} width={STEP} height={HEIGHT} />
          <rect x={x} y={HEIGHT - heightOf(value)} width={STEP - GAP} height={heightOf(value)} />
          {bad > 0 && (
            <rect className="bar-bad" x={x} y={HEIGHT - heightOf(bad)} width={STEP - GAP} height={heightOf(bad)} />
          )}
        </g>
      );
    })}
  </svg>
);

interface DayChartProps {
  title: string;
  days: readonly UsageDay[];
  value: (day: UsageDay) => number;
  bad?: (day: UsageDay) => number;
}

/** One bar a day. */
export function DayChart({ title, days, value, bad }: DayChartProps) {
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last) return null;
  const peak = days.reduce((best, day) => (value(day) > value(best) ? day : best), first);
  const most = Math.max(1, value(peak));
  const failed = bad ? days.reduce((sum, day) => sum + bad(day), 0) : 0;
  const bars = days.map((day) => ({
    key: day.day,
    value: value(day),
    bad: bad?.(day) ?? 0,
    tip: `${formatDay(day.day)}: ${formatExact(value(day))}${bad && bad(day) > 0 ? `, ${formatExact(bad(day))} failed` : ''}`,
  }));
  const range = `${formatDay(first.day)} to ${formatDay(last.day)}`;
  return (
    <figure className="chart">
      <figcaption>
        <span>{title}</span>
        {failed > 0 && <span className="legend-bad">failed</span>}
        <span className="chart-most">at most {formatCompact(most)} a day</span>
      </figcaption>
      <Bars
        label={`${title} by day, ${range}: at most ${formatExact(value(peak))}, on ${formatDay(peak.day)}`}
        bars={bars}
        most={most}
      />
      <div className="chart-axis" aria-hidden="true">
        <span>{formatDay(first.day)}</span>
        <span>{formatDay(last.day)}</span>
      </div>
    </figure>
  );
}

/** How many answers began within which time. */
export function WaitChart({ buckets }: { buckets: Usage['timeToFirstToken']['histogram'] }) {
  const most = Math.max(1, ...buckets.map(({ answers }) => answers));
  const bound = (at: number) => buckets[at]?.belowMs ?? null;
  const nameOf = (at: number) => {
    const upper = bound(at);
    if (upper === null) return `longer than ${formatDuration(bound(at - 1) ?? 0)}`;
    return at === 0
      ? `below ${formatDuration(upper)}`
      : `${formatDuration(bound(at - 1) ?? 0)} to ${formatDuration(upper)}`;
  };
  const bars = buckets.map(({ answers }, at) => ({
    key: String(at),
    value: answers,
    tip: `${nameOf(at)}: ${plural(answers, 'answer')}`,
  }));
  const told = bars.filter(({ value }) => value > 0).map(({ tip }) => tip);
  return (
    <figure className="chart">
      <Bars label={`Answers by time to the first token. ${told.join('; ')}`} bars={bars} most={most} />
      <div className="chart-axis" aria-hidden="true">
        <span>{nameOf(0)}</span>
        <span>{nameOf(buckets.length - 1)}</span>
      </div>
    </figure>
  );
}
