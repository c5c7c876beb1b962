import { QueryClientProvider } from '@tanstack/react-query';
import { useEffect } from 'react';
import { queryClient, setupQuery } from './api/queries.js';
import { restoreSession, useSession } from './api/session.js';
import { AuthPage } from './auth/auth-page.js';
import { session } from './lib/storage.js';
import { forgetKept } from './offline/away.js';
import { Shell } from './shell/shell.js';
import { Announcer } from './ui/announcer.js';
import { Logo } from './ui/icons.js';
import { Failure } from './ui/parts.js';
import { Toasts } from './ui/toast.js';

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Entrance />
      <Announcer />
      <Toasts />
    </QueryClientProvider>
  );
}

/** Signed in, signed out, or not known yet. */
function Entrance() {
  const { status } = useSession();
  useEffect(() => {
    // What the last person saw must not be there for the next one.
    if (status !== 'signed-out') return;
    queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== setupQuery.queryKey[0] });
    session.clear();
    forgetKept();
  }, [status]);
  switch (status) {
    case 'signed-in':
      return <Shell />;
    case 'signed-out':
      return <AuthPage />;
    case 'unreachable':
      return (
        <main className="page-centre page-full">
          <h1 className="sr-only">Parley</h1>
          <Failure title="Parley cannot be reached" detail="The server does not answer. It may be starting.">
            <button type="button" className="button" onClick={() => void restoreSession()}>
              Try again
            </button>
          </Failure>
        </main>
      );
    case 'unknown':
      return (
        <main className="page-centre page-full splash" aria-busy="true" aria-label="Parley is starting">
          <h1 className="sr-only">Parley</h1>
          <Logo />
        </main>
      );
  }
}
