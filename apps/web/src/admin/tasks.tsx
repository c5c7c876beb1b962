import { useMutation, useQuery } from '@tanstack/react-query';
import { Popover } from '../ui/popover.js';
import { DownIcon } from '../ui/icons.js';
import { toastError } from '../ui/toast.js';
import { startTask, tasksQuery, type TaskKind } from './api.js';
import { Loaded } from './parts.js';
import { TaskCard, TASKS } from './task-card.js';

const STARTABLE: readonly TaskKind[] = ['verify-audit', 'rebuild-usage', 'rebuild-projections'];

/** What was asked for in the background, the newest first. */
export function Tasks() {
  const tasks = useQuery(tasksQuery);
  const start = useMutation({ mutationFn: (kind: TaskKind) => startTask(kind), onError: toastError });
  return (
    <section aria-labelledby="tasks-title">
      <div className="section-head">
        <h2 id="tasks-title">Background tasks</h2>
        <Popover
          label={
            <>
              Start a task <DownIcon />
            </>
          }
          name="Start a task"
          className="button"
          align="end"
          disabled={start.isPending}
        >
          {(close) =>
            STARTABLE.map((kind) => (
              <button
                key={kind}
                type="button"
                role="menuitem"
                className="menu-item"
                onClick={() => {
                  close();
                  start.mutate(kind);
                }}
              >
                {TASKS[kind]}
              </button>
            ))
          }
        </Popover>
      </div>
      <p className="muted section-lead">They go on when this page is closed, and are taken up again after a crash.</p>
      <Loaded query={tasks} what="the tasks">
        {(list) =>
          list.length === 0 ? (
            <p className="empty">No task was started yet.</p>
          ) : (
            <ul className="cards">
              {list.map((task) => (
                <TaskCard key={task.id} task={task} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}
