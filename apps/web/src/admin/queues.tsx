import { useQuery } from '@tanstack/react-query';
import { adminPath, Link } from '../lib/router.js';
import { queuesQuery, type Queue } from './api.js';
import { formatExact, plural } from './format.js';
import { Loaded, TableFrame } from './parts.js';

/** What waits to be done, and what could not be. */
export function Queues() {
  const queues = useQuery(queuesQuery);
  return (
    <Loaded query={queues} what="the queues">
      {(list) => (
        <section aria-labelledby="queues-title">
          <h2 id="queues-title">{summaryOf(list)}</h2>
          <p className="muted section-lead">
            Each queue is what one reaction to events has to do. A message that failed every attempt is parked: it
            blocks nothing, and waits for you.
          </p>
          {list.length === 0 ? (
            <p className="empty">No process has announced a queue yet.</p>
          ) : (
            <TableFrame label="Queues">
              <thead>
                <tr>
                  <th scope="col">Queue</th>
                  <th scope="col">Waiting</th>
                  <th scope="col">Running</th>
                  <th scope="col">Parked</th>
                </tr>
              </thead>
              <tbody>
                {list.toSorted(byUrgency).map((queue) => (
                  <Row key={queue.queue} {...queue} />
                ))}
              </tbody>
            </TableFrame>
          )}
        </section>
      )}
    </Loaded>
  );
}

function summaryOf(queues: readonly Queue[]): string {
  const parked = queues.reduce((sum, queue) => sum + queue.parked, 0);
  return parked === 0 ? 'Nothing is parked' : `${plural(parked, 'message')} parked`;
}

/** What needs somebody first. */
const byUrgency = (a: Queue, b: Queue) =>
  b.parked - a.parked || b.waiting + b.running - a.waiting - a.running || a.queue.localeCompare(b.queue);

const Row = ({ queue, waiting, running, parked }: Queue) => (
  <tr>
    <th scope="row">
      <Link to={adminPath('queues', queue)}>
        {queue.slice(0, queue.indexOf('.') + 1)}
        <wbr />
        {queue.slice(queue.indexOf('.') + 1)}
      </Link>
    </th>
    <td data-zero={waiting === 0 || undefined}>{formatExact(waiting)}</td>
    <td data-zero={running === 0 || undefined}>{formatExact(running)}</td>
    <td data-zero={parked === 0 || undefined}>
      {parked > 0 ? (
        <span className="badge" data-tone="bad">
          {formatExact(parked)}
        </span>
      ) : (
        0
      )}
    </td>
  </tr>
);
