import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../api/problem.js';
import { notificationsQuery } from '../api/queries.js';
import type { NotificationView } from '../api/views.js';
import { formatAgo, formatDateTime } from '../lib/format.js';
import { Link } from '../lib/router.js';
import { CheckIcon } from '../ui/icons.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { toastError } from '../ui/toast.js';
import { readAll, readNotification } from './live.js';

interface NotificationPanelProps {
  unread: number;
  close(): void;
}

/** What the bell opens: newest first, each leading to what it is about. */
export default function NotificationPanel({ unread, close }: NotificationPanelProps) {
  const [onlyUnread, setOnlyUnread] = useState(false);
  const query = useInfiniteQuery(notificationsQuery(onlyUnread));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const all = useMutation({ mutationFn: () => readAll(items[0]?.id), onError: toastError });
  return (
    <>
      <div className="notifications-head">
        <h2>Notifications</h2>
        <button
          type="button"
          className="link-button"
          // What is on its way would stay unread.
          disabled={unread === 0 || items.length === 0 || query.isFetching || all.isPending}
          onClick={() => all.mutate()}
        >
          Mark all as read
        </button>
      </div>
      <div className="segments" role="radiogroup" aria-label="Which notifications">
        {[false, true].map((value) => (
          <label key={String(value)}>
            <input
              type="radio"
              name="which-notifications"
              checked={onlyUnread === value}
              onChange={() => setOnlyUnread(value)}
            />
            <span>{value ? 'Unread' : 'All'}</span>
          </label>
        ))}
      </div>
      <div className="notifications-list" tabIndex={0} role="region" aria-label="List of notifications">
        {query.isPending ? (
          <Skeleton label="Loading notifications" lines={['80%', '60%', '75%', '55%']} />
        ) : query.isError ? (
          <Failure title="The notifications could not be loaded" detail={messageOf(query.error)}>
            <button type="button" className="button" onClick={() => void query.refetch()}>
              Try again
            </button>
          </Failure>
        ) : items.length === 0 ? (
          <p className="empty">{onlyUnread ? 'You have read everything.' : 'What happens without you is told here.'}</p>
        ) : (
          <ul>
            {items.map((item) => (
              <Item key={item.id} item={item} close={close} />
            ))}
          </ul>
        )}
        {query.hasNextPage && (
          <button
            type="button"
            className="button button-wide"
            disabled={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show older ones
          </button>
        )}
      </div>
      <Link to="/account" className="notifications-foot" onClick={close}>
        Choose what you are told
      </Link>
    </>
  );
}

function Item({ item, close }: { item: NotificationView; close(): void }) {
  const read = useMutation({ mutationFn: () => readNotification(item), onError: toastError });
  const open = () => {
    if (!item.readAt) read.mutate();
    close();
  };
  return (
    <li className="notification" data-unread={item.readAt ? undefined : true}>
      <Link to={item.path ?? '/'} onClick={open}>
        <span className="notification-title">
          {!item.readAt && <span className="sr-only">Unread: </span>}
          {item.title}
        </span>
        <span className="notification-text">{item.text}</span>
        <time dateTime={item.createdAt} title={formatDateTime(item.createdAt)}>
          {formatAgo(item.createdAt, new Date())}
        </time>
      </Link>
      {!item.readAt && (
        <button
          type="button"
          className="icon-button"
          aria-label={`Mark “${item.title}” as read`}
          title="Mark as read"
          disabled={read.isPending}
          onClick={() => read.mutate()}
        >
          <CheckIcon />
        </button>
      )}
    </li>
  );
}
