import { Component, type ReactNode } from 'react';
import { messageOf } from '../api/problem.js';
import { Failure } from '../ui/parts.js';

interface PageBoundaryProps {
  children: ReactNode;
  /** What to show instead of the failure. */
  fallback?: ReactNode;
}

/** Keeps a mistake of one page, or a part of it that could not be loaded, from taking the whole window away. */
export class PageBoundary extends Component<PageBoundaryProps, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    if (this.props.fallback !== undefined) return this.props.fallback;
    return (
      <main id="main" className="page-centre" tabIndex={-1}>
        <Failure title="This page could not be shown" detail={messageOf(this.state.error)}>
          <button type="button" className="button" onClick={() => location.reload()}>
            Reload
          </button>
        </Failure>
      </main>
    );
  }
}
