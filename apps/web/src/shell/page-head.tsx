import type { ReactNode } from 'react';
import { useSidebar } from './sidebar-state.js';
import { Link } from '../lib/router.js';
import { Bell } from '../notifications/bell.js';
import { ComposeIcon, PanelIcon } from '../ui/icons.js';

interface PageHeadProps {
  title?: string;
  /** Stands in the place of the title while that is being changed. */
  titleField?: ReactNode;
  children?: ReactNode;
}

/** The line at the top of each page: where one is, and the way to the side bar where that is out of sight. */
export function PageHead({ title, titleField, children }: PageHeadProps) {
  const { shown, toggle } = useSidebar();
  return (
    <header className="page-head">
      {!shown && (
        <button type="button" className="icon-button" aria-label="Show side bar" title="Show side bar" onClick={toggle}>
          <PanelIcon />
        </button>
      )}
      {title && <h1 className={titleField ? 'sr-only' : 'page-title clip'}>{title}</h1>}
      {titleField}
      <div className="page-head-end">
        {children}
        {!shown && title !== undefined && (
          <Link to="/" className="icon-button" aria-label="New chat" title="New chat">
            <ComposeIcon />
          </Link>
        )}
        <Bell />
      </div>
    </header>
  );
}
