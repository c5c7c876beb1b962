import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { api, useReachable, useUser } from '../api/session.js';
import { forgetModels, queryClient } from '../api/queries.js';
import { recoverAnswers } from '../browser/browser-answers.js';
import { ChatPage } from '../chat/chat-page.js';
import { refreshConversation, refreshConversations } from '../chat/cache.js';
import { useTitle } from '../lib/hooks.js';
import { loadPart } from '../lib/load.js';
import { Link, routeOf, usePath, type Route } from '../lib/router.js';
import { onTabMessage } from '../lib/tabs.js';
import { useNotificationsLive } from '../notifications/live.js';
import { startSending } from '../offline/start-sending.js';
import { useWaiting } from '../offline/waiting.js';
import { toastError } from '../ui/toast.js';
import { PageBoundary } from './page-boundary.js';
import { PageHead } from './page-head.js';
import { Sidebar } from './sidebar.js';
import { useSidebar } from './sidebar-state.js';

const ExplorePage = lazy(() => loadPart(() => import('../explore/explore-page.js')));
const EntryPage = lazy(() => loadPart(() => import('../explore/entry-page.js')));
const HubPage = lazy(() => loadPart(() => import('../explore/hub-page.js')));
const HubModelPage = lazy(() => loadPart(() => import('../explore/hub-model-page.js')));
const ModelsPage = lazy(() => loadPart(() => import('../models/models-page.js')));
const StoragePage = lazy(() => loadPart(() => import('../storage/storage-page.js')));
const AdaptersPage = lazy(() => loadPart(() => import('../adapters/adapters-page.js')));
const AccountPage = lazy(() => loadPart(() => import('../account/account-page.js')));
const AdminPage = lazy(() => loadPart(() => import('../admin/admin-page.js')));
const SearchDialog = lazy(() =>
  loadPart(() => import('./search-dialog.js')).then((m) => ({ default: m.SearchDialog })),
);

/** The page of somebody who is signed in. */
export function Shell() {
  const path = usePath();
  const { role } = useUser();
  const { shown, narrow } = useSidebar();
  const [searching, setSearching] = useState(false);
  useNotificationsLive(path);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      setSearching(true);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  useEffect(() => void recoverAnswers().catch(toastError), []);
  useEffect(startSending, []);

  useEffect(
    () =>
      onTabMessage((message) => {
        if (message.type === 'conversation-changed') void refreshConversation(message.id);
        if (message.type === 'models-changed') void forgetModels();
        else void refreshConversations();
      }),
    [],
  );

  return (
    <div className="shell" data-sidebar={shown && !narrow ? 'shown' : 'hidden'}>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <Sidebar />
      <div className="page">
        <Unreachable />
        <PageBoundary key={path}>
          <Suspense fallback={<PageLoading title={loadingTitleOf(path)} />}>
            {pageOf(routeOf(path), role === 'admin')}
          </Suspense>
        </PageBoundary>
      </div>
      {searching && (
        <PageBoundary fallback={null}>
          <Suspense fallback={null}>
            <SearchDialog onClose={() => setSearching(false)} />
          </Suspense>
        </PageBoundary>
      )}
    </div>
  );
}

function pageOf(route: Route, isAdministrator: boolean): ReactNode {
  switch (route.page) {
    case 'home':
      return <ChatPage id={null} />;
    case 'conversation':
      return <ChatPage id={route.id} />;
    case 'explore':
      return <ExplorePage />;
    case 'entry':
      return <EntryPage id={route.id} />;
    case 'hub':
      return isAdministrator ? <HubPage /> : <NotFound />;
    case 'hub-model':
      return isAdministrator ? <HubModelPage repository={route.repository} /> : <NotFound />;
    case 'models':
      return <ModelsPage />;
    case 'adapters':
      return <AdaptersPage />;
    case 'account':
      return <AccountPage />;
    case 'storage':
      return <StoragePage />;
    case 'admin':
      return isAdministrator ? <AdminPage section={route.section} item={route.item} /> : <NotFound />;
    case 'not-found':
      return <NotFound />;
  }
}

function loadingTitleOf(path: string): string {
  if (path.startsWith('/admin')) return 'Administration';
  if (path.startsWith('/storage')) return 'Storage';
  if (path.startsWith('/adapters')) return 'Adapters';
  if (path.startsWith('/explore')) return 'Explore';
  if (path.startsWith('/hub')) return 'Hub';
  return path.startsWith('/models') ? 'Models on this server' : 'Account';
}

/** While the code of a page comes: its head already, so that nothing jumps and every page has its heading. */
const PageLoading = ({ title }: { title: string }) => (
  <>
    <PageHead title={title} />
    <main id="main" className="page-body" aria-busy="true" />
  </>
);

function NotFound() {
  useTitle('Not found');
  return (
    <>
      <PageHead title="Not found" />
      <main id="main" className="page-centre" tabIndex={-1}>
        <p>There is no page at this address.</p>
        <Link to="/" className="button">
          Start a new chat
        </Link>
      </main>
    </>
  );
}

/** Says that the server does not answer, and asks it again until it does. */
function Unreachable() {
  const reachable = useReachable();
  const { length } = useWaiting();
  useEffect(() => {
    if (reachable) return;
    let delay = 1000;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        await api.get('/api/auth/setup');
        await queryClient.invalidateQueries();
      } catch {
        delay = Math.min(delay * 1.6, 15_000);
        timer = setTimeout(() => void look(), delay);
      }
    };
    timer = setTimeout(() => void look(), delay);
    const now = () => {
      clearTimeout(timer);
      void look();
    };
    addEventListener('online', now);
    return () => {
      clearTimeout(timer);
      removeEventListener('online', now);
    };
  }, [reachable]);
  return (
    <div role="status">
      {!reachable && (
        <p className="unreachable">
          Parley cannot be reached. Until it is back, models in this browser can answer.
          {length > 0 && ` ${length === 1 ? 'One change waits' : `${length} changes wait`} to be sent.`}
        </p>
      )}
    </div>
  );
}
