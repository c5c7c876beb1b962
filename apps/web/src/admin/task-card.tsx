import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { announce } from '../ui/announcer.js';
import { formatDuration } from '../lib/format.js';
import { Progress } from '../ui/parts.js';
import { toastError } from '../ui/toast.js';
import { cancelTask, isActive, type Task, type TaskKind, type TaskStatus } from './api.js';
import { formatExact, formatMoment, plural } from './format.js';
import { useNames } from './parts.js';

export const TASKS: Record<TaskKind, string> = {
  'verify-audit': 'Verify the audit',
  'rebuild-usage': 'Count usage anew',
  'rebuild-projections': 'Rebuild read models',
  'replay-parked': 'Replay parked messages',
};

const STATUS: Record<TaskStatus, string> = {
  queued: 'waiting',
  running: 'running',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** A background task: how far it is, and how it ended. */
export function TaskCard({ task }: { task: Task }) {
  const nameOf = useNames();
  const cancel = useMutation({ mutationFn: () => cancelTask(task), onError: toastError });
  const active = isActive(task);
  const was = useRef(active);
  useEffect(() => {
    if (was.current && !active) announce(`${TASKS[task.kind]}: ${STATUS[task.status]}`);
    was.current = active;
  }, [active, task.kind, task.status]);
  const name = TASKS[task.kind];
  return (
    <li className="card task">
      <div className="card-main">
        <h3>
          {name}
          {task.params.queue && <span className="mono task-queue"> {task.params.queue}</span>}{' '}
          <span className="badge" data-tone={task.status === 'failed' ? 'bad' : undefined}>
            {STATUS[task.status]}
          </span>
        </h3>
        {active && (
          <Progress
            value={task.total !== null && task.total > 0 && task.status === 'running' ? task.done / task.total : null}
            label={name}
          />
        )}
        {active && <p className="muted">{progressOf(task)}</p>}
        {task.error && (
          <p className="task-error">
            {task.error.message} <code>{task.error.code}</code>
          </p>
        )}
        {task.status === 'done' && <p>{resultOf(task)}</p>}
        <p className="facts">
          <span>asked for {formatMoment(task.createdAt)}</span>
          {task.requestedBy && <span>by {nameOf(task.requestedBy)}</span>}
          {task.startedAt && task.finishedAt && (
            <span>took {formatDuration(Date.parse(task.finishedAt) - Date.parse(task.startedAt))}</span>
          )}
          {task.attempts > 1 && <span>begun {task.attempts} times</span>}
        </p>
      </div>
      {active && (
        <div className="card-actions">
          <button
            type="button"
            className="button"
            aria-label={`Cancel: ${name}`}
            disabled={cancel.isPending || task.cancelRequested}
            onClick={() => cancel.mutate()}
          >
            {task.cancelRequested ? 'Cancelling' : 'Cancel'}
          </button>
        </div>
      )}
    </li>
  );
}

function progressOf({ status, done, total, note }: Task): string {
  if (status === 'queued') return 'Waiting for a process to take it up';
  const steps = total === null ? formatExact(done) : `${formatExact(done)} of ${formatExact(total)}`;
  return [steps, note].filter(Boolean).join(' · ');
}

function resultOf({ kind, result }: Task): string {
  const count = (key: string) => (typeof result?.[key] === 'number' ? result[key] : 0);
  switch (kind) {
    case 'verify-audit':
      return `The chain holds: ${plural(count('events'), 'event')} checked.`;
    case 'rebuild-usage':
      return `${plural(count('events'), 'event')} counted.`;
    case 'replay-parked':
      return `${plural(count('replayed'), 'message')} replayed. What fails again is parked again.`;
    case 'rebuild-projections':
      return `Rebuilt from ${plural(count('events'), 'event')}.`;
  }
}
