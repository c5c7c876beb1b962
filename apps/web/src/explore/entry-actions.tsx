import { useQuery } from '@tanstack/react-query';
import { installedQuery } from '../api/queries.js';
import { chooseModel } from '../chat/model-choice.js';
import { Link } from '../lib/router.js';
import { ModelActions } from '../models/model-actions.js';
import { ComposeIcon } from '../ui/icons.js';
import { InstallButton } from './install-button.js';
import type { EntryView } from './views.js';

/** What can be done with it now. */
export function EntryActions({ entry }: { entry: EntryView }) {
  const installed = useQuery({ ...installedQuery, enabled: entry.installedAs !== null });
  const model = entry.installedAs === null ? undefined : installed.data?.find(({ id }) => id === entry.installedAs);
  return (
    <div className="card-actions">
      {entry.installable && <InstallButton entry={entry} />}
      {model && (
        <>
          <Link to="/" className="button button-primary" onClick={() => chooseModel(model.id)}>
            <ComposeIcon /> Chat with it
          </Link>
          <ModelActions model={model} />
        </>
      )}
      {entry.kind === 'adapter' && (
        <Link to="/adapters" className="button">
          Versions and files
        </Link>
      )}
    </div>
  );
}
