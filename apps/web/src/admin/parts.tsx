import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { messageOf } from '../api/problem.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { usersQuery, type Actor } from './api.js';

interface LoadedProps<T> {
  query: { data: T | undefined; isError: boolean; error: unknown; refetch(): Promise<unknown> };
  /** What is being loaded, within a sentence: `the queues`. */
  what: string;
  lines?: readonly string[];
  children: (data: T) => ReactNode;
}

const LINES = ['30%', '100%', '100%', '100%'];

/** What a query brought; until then its place, or why there is nothing. Old figures stay, and say that they are old. */
export function Loaded<T>({ query, what, lines = LINES, children }: LoadedProps<T>) {
  const { data, isError, error, refetch } = query;
  const failure = (title: string) => (
    <Failure title={title} detail={messageOf(error)}>
      <button type="button" className="button" onClick={() => void refetch()}>
        Try again
      </button>
    </Failure>
  );
  if (data === undefined) {
    return isError ? (
      failure(`${what[0]!.toUpperCase()}${what.slice(1)} could not be loaded`)
    ) : (
      <Skeleton label={`Loading ${what}`} lines={lines} />
    );
  }
  return (
    <>
      {isError && failure('This is what was known before')}
      {children(data)}
    </>
  );
}

interface StatProps {
  label: string;
  value: ReactNode;
  note?: string | undefined;
  tone?: 'bad' | undefined;
}

/** A figure and what it counts. */
export const Stat = ({ label, value, note, tone }: StatProps) => (
  <div className="stat" data-tone={tone}>
    <dt>{label}</dt>
    <dd>
      {value}
      {note && <span className="stat-note">{note}</span>}
    </dd>
  </div>
);

export const Stats = ({ children }: { children: ReactNode }) => <dl className="stats">{children}</dl>;

/** A table that scrolls sideways by itself where the page is narrow, by keyboard as well. */
export const TableFrame = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className="table-frame" role="region" aria-label={label} tabIndex={0}>
    <table>{children}</table>
  </div>
);

/** Names of accounts by id. An account that the list lacks keeps its id. */
export function useNames(): (userId: string) => string {
  const users = useQuery(usersQuery);
  const names = new Map(users.data?.map(({ id, name, email }) => [id, name || email]));
  return (userId) => names.get(userId) ?? userId;
}

export const actorName = (actor: Actor | null, nameOf: (userId: string) => string): string =>
  actor ? nameOf(actor.userId) : 'the server itself';

export const Entry = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd className="mono">{children}</dd>
  </div>
);

/** Facts as they are stored, to be read and scrolled. */
export const Json = ({ value, label }: { value: unknown; label: string }) => (
  <pre className="json" tabIndex={0} role="region" aria-label={label}>
    {JSON.stringify(value, null, 2)}
  </pre>
);
