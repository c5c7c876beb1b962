import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { adminPath, Link } from '../lib/router.js';
import { RetryIcon } from '../ui/icons.js';
import { toastError } from '../ui/toast.js';
import { parkedQuery, queuesQuery, startTask, tasksQuery } from './api.js';
import { formatExact, plural } from './format.js';
import { Parked } from './parked.js';
import { Loaded, Stat, Stats } from './parts.js';
import { More } from '../ui/parts.js';
import { TaskCard } from './task-card.js';

/** One queue with its parked messages. */
export function QueuePage({ queue }: { queue: string }) {
  const queues = useQuery(queuesQuery);
  const parked = useInfiniteQuery(parkedQuery(queue));
  const heading = useRef<HTMLHeadingElement>(null);
  const known = queues.data?.find((one) => one.queue === queue);
  const count = known?.parked;
  const { refetch } = parked;
  const shown = useRef(count);
  useEffect(() => {
    // The list is dear on a broker, which has to take each message to show it: asked for again when the count moved.
    if (shown.current !== undefined && shown.current !== count) void refetch();
    shown.current = count;
  }, [count, refetch]);

  return (
    <>
      <p className="crumb">
        <Link to={adminPath('queues')}>All queues</Link>
      </p>
      {known && (
        <Stats>
          <Stat label="Waiting" value={formatExact(known.waiting)} />
          <Stat label="Running" value={formatExact(known.running)} />
          <Stat label="Parked" value={formatExact(known.parked)} tone={known.parked > 0 ? 'bad' : undefined} />
        </Stats>
      )}
      <section aria-labelledby="parked-title">
        <div className="section-head">
          <h2 id="parked-title" tabIndex={-1} ref={heading}>
            Parked messages
          </h2>
          <ReplayAll queue={queue} count={count ?? 0} />
        </div>
        <Loaded query={parked} what="the parked messages">
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items);
            return items.length === 0 ? (
              <p className="empty">Nothing is parked here. What fails its last attempt will be.</p>
            ) : (
              <>
                <p className="muted section-lead">
                  The oldest first. Replay what can work now: it gets all attempts anew, and what had its effect already
                  has no second one. What people wrote is not shown.
                </p>
                <ul className="cards">
                  {items.map((message) => (
                    <Parked
                      key={message.id}
                      message={message}
                      // The card is gone: whoever uses a keyboard goes on from here.
                      onGone={() => heading.current?.focus()}
                    />
                  ))}
                </ul>
                <More query={parked} label="Show newer ones" />
              </>
            );
          }}
        </Loaded>
      </section>
    </>
  );
}

/** A task: it goes on when this page is closed. */
function ReplayAll({ queue, count }: { queue: string; count: number }) {
  const [taskId, setTaskId] = useState<string | null>(null);
  const tasks = useQuery({ ...tasksQuery, enabled: taskId !== null });
  const task = tasks.data?.find(({ id }) => id === taskId);
  const start = useMutation({
    mutationFn: () => startTask('replay-parked', { queue }),
    onSuccess: ({ id }) => setTaskId(id),
    onError: toastError,
  });
  return (
    <>
      {count > 0 && (
        <button type="button" className="button" disabled={start.isPending} onClick={() => start.mutate()}>
          <RetryIcon /> Replay all
          <span className="sr-only">{plural(count, 'message')}</span>
        </button>
      )}
      {task && (
        <ul className="cards section-task">
          <TaskCard task={task} />
        </ul>
      )}
    </>
  );
}
