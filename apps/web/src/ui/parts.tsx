import type { ReactNode } from 'react';
import { formatPercent } from '../lib/format.js';
import { WarningIcon } from './icons.js';

/** How far something is; `null` while that is not known. */
export function Progress({ value, label }: { value: number | null; label: string }) {
  return (
    <div
      className="progress"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === null ? undefined : Math.round(value * 100)}
      aria-valuetext={value === null ? undefined : formatPercent(value)}
      data-unknown={value === null || undefined}
    >
      <div style={value === null ? undefined : { transform: `scaleX(${value})` }} />
    </div>
  );
}

/** Grey bars in the place and size of what is being loaded. */
export function Skeleton({ lines, label }: { lines: readonly string[]; label: string }) {
  return (
    <div className="skeleton" role="status" aria-label={label}>
      {lines.map((width, index) => (
        <div key={index} style={{ width }} />
      ))}
    </div>
  );
}

/** What stands where something could not be shown. */
export function Failure({ title, detail, children }: { title: string; detail: string; children?: ReactNode }) {
  return (
    <div className="failure" role="alert">
      <WarningIcon />
      <div>
        <p className="failure-title">{title}</p>
        <p className="muted">{detail}</p>
        {children && <div className="failure-actions">{children}</div>}
      </div>
    </div>
  );
}

interface FieldProps {
  id: string;
  label: string;
  hint?: ReactNode;
  error?: string | null;
  children: (described: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ReactNode;
}

/** A labelled field with its hint and what is wrong with it. */
export function Field({ id, label, hint, error, children }: FieldProps) {
  const note = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': note ? `${id}-note` : undefined, 'aria-invalid': Boolean(error) })}
      {note && (
        <p id={`${id}-note`} className={error ? 'field-error' : 'field-hint'}>
          {note}
        </p>
      )}
    </div>
  );
}

interface MoreProps {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage(): Promise<unknown> };
  label?: string;
}

/** The way to the next page of a list. */
export const More = ({ query, label = 'Show more' }: MoreProps) =>
  query.hasNextPage && (
    <button
      type="button"
      className="button button-wide"
      disabled={query.isFetchingNextPage}
      onClick={() => void query.fetchNextPage()}
    >
      {label}
    </button>
  );
