import { lazy, Suspense } from 'react';
import { loadPart } from '../lib/load.js';
import { PageBoundary } from '../shell/page-boundary.js';
import { BellIcon } from '../ui/icons.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { Popover } from '../ui/popover.js';
import { useUnread } from './live.js';

const NotificationPanel = lazy(() => loadPart(() => import('./notification-panel.js')));

/** How many are unread, and the way to them. */
export function Bell() {
  const unread = useUnread();
  return (
    <Popover
      name={unread === 0 ? 'Notifications' : `Notifications, ${unread} unread`}
      kind="dialog"
      align="end"
      className="icon-button bell"
      label={
        <>
          <BellIcon />
          {unread > 0 && (
            <span className="bell-count" aria-hidden="true">
              {unread > 99 ? '99+' : unread}
            </span>
          )}
        </>
      }
    >
      {(close) => (
        <div className="notifications">
          <PageBoundary fallback={<Failure title="The notifications could not be loaded" detail="Reload the page." />}>
            <Suspense fallback={<Skeleton label="Loading notifications" lines={['80%', '60%', '75%', '55%']} />}>
              <NotificationPanel unread={unread} close={close} />
            </Suspense>
          </PageBoundary>
        </div>
      )}
    </Popover>
  );
}
