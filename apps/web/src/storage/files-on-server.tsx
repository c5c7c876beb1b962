import { useQuery } from '@tanstack/react-query';
import { installedQuery } from '../api/queries.js';
import { useUser } from '../api/session.js';
import { useEntryOf } from '../explore/queries.js';
import { formatBytes } from '../lib/format.js';
import { entryPath, Link } from '../lib/router.js';

/** What models take on the server, for those who can delete them. */
export function FilesOnServer() {
  const { role } = useUser();
  const { data: models } = useQuery({ ...installedQuery, enabled: role === 'admin' });
  const entryOf = useEntryOf();
  if (role !== 'admin' || !models || models.length === 0) return null;
  const total = models.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return (
    <section aria-labelledby="server-title">
      <h2 id="server-title">Models on the server</h2>
      <p className="muted section-lead">
        They take {formatBytes(total)}. Delete them <Link to="/models">there</Link>.
      </p>
      <ul className="rows">
        {models
          .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
          .map(({ id, name, digest, sizeBytes }) => {
            const entry = entryOf(digest);
            return (
              <li key={id}>
                <div className="row-main">{entry ? <Link to={entryPath(entry)}>{name}</Link> : name}</div>
                <span className="row-size">{formatBytes(sizeBytes)}</span>
              </li>
            );
          })}
      </ul>
    </section>
  );
}
