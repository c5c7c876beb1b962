import type { ReactNode } from 'react';
import { Link, useArrival } from '../lib/router.js';
import { PageHead } from '../shell/page-head.js';
import { PreviousIcon } from '../ui/icons.js';
import { lastPath } from './kept-scroll.js';
import './explore.css';

/** A page of one thing, with the way back to the list as it was left. */
export function DetailPage({ list, name, children }: { list: '/explore' | '/hub'; name: string; children: ReactNode }) {
  const main = useArrival();
  return (
    <>
      <PageHead
        titleField={
          <Link to={lastPath(list)} className="crumb-link">
            <PreviousIcon /> {name}
          </Link>
        }
      />
      <main id="main" className="page-body" tabIndex={-1} ref={main}>
        <div className="page-content entry-page">{children}</div>
      </main>
    </>
  );
}
