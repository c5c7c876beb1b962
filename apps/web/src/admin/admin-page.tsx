import type { ReactNode } from 'react';
import { useTitle } from '../lib/hooks.js';
import { ADMIN_SECTIONS, adminPath, Link, useArrival, type AdminSection } from '../lib/router.js';
import { PageHead } from '../shell/page-head.js';
import { Audit } from './audit.js';
import { Instances } from './instances.js';
import { QueuePage } from './queue.js';
import { Queues } from './queues.js';
import { Tasks } from './tasks.js';
import { Usage } from './usage.js';
import './admin.css';

interface AdminPageProps {
  section: AdminSection;
  item: string | null;
}

const LABELS: Record<AdminSection, string> = {
  instances: 'Instances',
  queues: 'Queues',
  audit: 'Audit',
  usage: 'Usage',
  tasks: 'Tasks',
};

/** How the server is and what happened, for administrators. */
export default function AdminPage({ section, item }: AdminPageProps) {
  const main = useArrival();
  const title = section === 'queues' && item ? item : LABELS[section];
  useTitle(title);
  return (
    <>
      <PageHead title={title} />
      <main id="main" className="page-body" tabIndex={-1} ref={main}>
        <div className="page-content admin">
          <nav className="tabs" aria-label="Administration">
            {ADMIN_SECTIONS.map((name) => (
              <Link key={name} to={adminPath(name)} aria-current={name === section ? 'page' : undefined}>
                {LABELS[name]}
              </Link>
            ))}
          </nav>
          {contentOf(section, item)}
        </div>
      </main>
    </>
  );
}

function contentOf(section: AdminSection, item: string | null): ReactNode {
  switch (section) {
    case 'instances':
      return <Instances />;
    case 'queues':
      return item ? <QueuePage queue={item} /> : <Queues />;
    case 'audit':
      return <Audit id={item} />;
    case 'usage':
      return <Usage />;
    case 'tasks':
      return <Tasks />;
  }
}
