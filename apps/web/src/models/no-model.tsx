import { useQuery } from '@tanstack/react-query';
import { catalogueQuery } from '../api/queries.js';
import { useUser } from '../api/session.js';
import { formatBytes } from '../lib/format.js';
import { Link } from '../lib/router.js';
import { toastError } from '../ui/toast.js';
import { InstallProgress } from './install-progress.js';
import { isActive, startInstall } from './installs.js';

/** What stands before the first chat while there is no model: the one on its way, or how to get one. */
export function NoModel() {
  const { role } = useUser();
  const { data: catalogue } = useQuery({ ...catalogueQuery, refetchInterval: 4000 });
  const coming = catalogue?.find((entry) => entry.install && isActive(entry.install));
  const halted = catalogue?.find((entry) => entry.install && entry.install.status !== 'installed');
  const first = catalogue?.find((entry) => entry.default) ?? catalogue?.[0];
  const shown = coming ?? halted;
  return (
    <section className="no-model" aria-labelledby="no-model-title">
      <h2 id="no-model-title">
        {coming
          ? `${coming.name} is being installed`
          : halted
            ? `${halted.name} is not installed yet`
            : 'No model is installed yet'}
      </h2>
      {coming && <p className="muted">You can chat as soon as it is here.</p>}
      {shown?.install && <InstallProgress key={shown.install.id} install={shown.install} />}
      {!coming &&
        (role === 'admin' ? (
          <div className="no-model-actions">
            {!halted && first && (
              <button
                type="button"
                className="button button-primary"
                onClick={() => void startInstall({ catalogueId: first.id }).catch(toastError)}
              >
                Install {first.name} ({formatBytes(first.sizeBytes)})
              </button>
            )}
            <Link to="/explore" className="button">
              See all models
            </Link>
          </div>
        ) : (
          <p className="muted">Ask the administrator of this server to install one.</p>
        ))}
    </section>
  );
}
