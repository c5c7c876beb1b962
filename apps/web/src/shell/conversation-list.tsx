import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { messageOf } from '../api/problem.js';
import { conversationQuery, conversationsQuery, localConversationsQuery, queryClient } from '../api/queries.js';
import type { ConversationSummary } from '../api/views.js';
import { groupByDay } from '../lib/days.js';
import { conversationPath, Link, usePath } from '../lib/router.js';
import { Skeleton } from '../ui/parts.js';
import { ConversationMenu } from './conversation-menu.js';
import { closeDrawer } from './sidebar-state.js';
import { TitleField } from './title-field.js';

/** The conversations that hold these words, newest first; more are loaded as the end comes into sight. */
export function ConversationList({ search }: { search: string }) {
  const path = usePath();
  const { data, error, isPending, isError, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery(
    {
      ...conversationsQuery(search),
      placeholderData: (previous) => previous,
    },
  );
  const { data: local } = useQuery({ ...localConversationsQuery, enabled: isSecureContext });
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!hasNextPage || isFetchingNextPage || !end.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && void fetchNextPage(),
      { rootMargin: '200px' },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  if (isPending) {
    return <Skeleton label="Loading conversations" lines={['82%', '64%', '90%', '55%', '74%', '68%']} />;
  }
  if (isError) {
    return (
      <div className="list-note" role="alert">
        <p>{messageOf(error)}</p>
        <button type="button" className="link-button" onClick={() => void refetch()}>
          Try again
        </button>
      </div>
    );
  }
  const items = data.pages.flatMap((page) => page.items);
  const here = (local ?? []).filter(({ title }) => title.toLowerCase().includes(search.toLowerCase()));
  if (items.length === 0 && here.length === 0) {
    return <p className="list-note">{search ? 'Nothing found.' : 'Your conversations will be listed here.'}</p>;
  }
  return (
    <>
      {here.length > 0 && (
        <section className="list-group" aria-label="Only in this browser">
          <h2>Only in this browser</h2>
          <ul>
            {here.map((item) => (
              <Item key={item.id} item={item} current={path === conversationPath(item.id)} />
            ))}
          </ul>
        </section>
      )}
      {groupByDay(items, (item) => item.updatedAt, new Date()).map((group) => (
        <section key={group.label} className="list-group" aria-label={group.label}>
          <h2>{group.label}</h2>
          <ul>
            {group.items.map((item) => (
              <Item key={item.id} item={item} current={path === conversationPath(item.id)} />
            ))}
          </ul>
        </section>
      ))}
      <div ref={end} className="list-end">
        {isFetchingNextPage && <Skeleton label="Loading more" lines={['70%', '58%']} />}
      </div>
    </>
  );
}

function Item({ item, current }: { item: ConversationSummary; current: boolean }) {
  const [renaming, setRenaming] = useState(false);
  const title = item.title || 'New chat';
  return (
    <li className="list-item" data-current={current || undefined}>
      {renaming ? (
        <TitleField conversation={item} onClose={() => setRenaming(false)} />
      ) : (
        <>
          <Link
            to={conversationPath(item.id)}
            aria-current={current ? 'page' : undefined}
            title={title}
            onClick={closeDrawer}
            // The answer is often here before the button is up again.
            onPointerDown={() => void queryClient.prefetchQuery(conversationQuery(item.id))}
          >
            {title}
          </Link>
          <ConversationMenu conversation={item} name={`Menu of ${title}`} onRename={() => setRenaming(true)} />
        </>
      )}
    </li>
  );
}
