import { useQuery } from '@tanstack/react-query';
import { entryPath, Link } from '../lib/router.js';
import { adaptersOnQuery } from './queries.js';
import type { EntryView } from './views.js';

/** Adapters that were made for this very file. */
export function EntryAdapters({ entry: { digest, kind } }: { entry: EntryView }) {
  const { data: adapters } = useQuery({
    ...adaptersOnQuery(digest ?? ''),
    enabled: kind === 'model' && digest !== null,
  });
  const ready = adapters?.filter(({ current }) => current !== null) ?? [];
  if (ready.length === 0) return null;
  return (
    <section aria-labelledby="adapters-title">
      <h2 id="adapters-title">Adapters for it</h2>
      <ul className="rows">
        {ready.map(({ id, name, description, current }) => (
          <li key={id}>
            <div className="row-main">
              <Link to={entryPath(`adapter:${id}`)}>{name}</Link>
              <p className="muted">{description || 'LoRA'}</p>
            </div>
            <span className="muted">Version {current}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
