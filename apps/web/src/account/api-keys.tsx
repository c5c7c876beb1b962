import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../api/problem.js';
import { apiKeysQuery, keysChanged } from '../api/queries.js';
import { api } from '../api/session.js';
import type { ApiKeyView } from '../api/views.js';
import { formatDate } from '../lib/format.js';
import { Confirm } from '../ui/dialog.js';
import { PlusIcon } from '../ui/icons.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { toast, toastError } from '../ui/toast.js';
import { NewApiKey } from './new-api-key.js';

/** Keys for programs: the OpenAI-compatible API and Parley's own. */
export function ApiKeys() {
  const keys = useQuery(apiKeysQuery);
  const [creating, setCreating] = useState(false);
  return (
    <section aria-labelledby="keys-title">
      <div className="section-head">
        <h2 id="keys-title">API keys</h2>
        <button type="button" className="button" onClick={() => setCreating(true)}>
          <PlusIcon /> New key
        </button>
      </div>
      <p className="muted section-lead">
        For programs: any OpenAI client works with the address <code>{`${location.origin}/v1`}</code> and a key.
      </p>
      {keys.isPending ? (
        <Skeleton label="Loading the keys" lines={['100%', '100%']} />
      ) : keys.isError ? (
        <Failure title="The keys could not be loaded" detail={messageOf(keys.error)}>
          <button type="button" className="button" onClick={() => void keys.refetch()}>
            Try again
          </button>
        </Failure>
      ) : keys.data.length === 0 ? (
        <p className="empty">No key yet.</p>
      ) : (
        <ul className="cards">
          {keys.data.map((key) => (
            <Key key={key.id} apiKey={key} />
          ))}
        </ul>
      )}
      {creating && <NewApiKey onClose={() => setCreating(false)} />}
    </section>
  );
}

function Key({ apiKey }: { apiKey: ApiKeyView }) {
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => api.json('DELETE', `/api/auth/api-keys/${encodeURIComponent(apiKey.id)}`),
    onSuccess: async () => {
      toast(`The key “${apiKey.name}” was revoked.`);
      await keysChanged();
    },
    onError: toastError,
    onSettled: () => setAsking(false),
  });
  const { expiresAt, lastUsedAt } = apiKey;
  return (
    <li className="card">
      <div className="card-main">
        <h3>
          {apiKey.name}{' '}
          {apiKey.scopes.map((scope) => (
            <span key={scope} className="badge">
              {scope}
            </span>
          ))}
        </h3>
        <p className="facts">
          <span className="mono">{apiKey.prefix}…</span>
          <span>made {formatDate(apiKey.createdAt)}</span>
          <span>{lastUsedAt ? `last used ${formatDate(lastUsedAt)}` : 'never used'}</span>
          <span>{expiresAt ? `expires ${formatDate(expiresAt)}` : 'does not expire'}</span>
        </p>
      </div>
      <div className="card-actions">
        <button type="button" className="button" aria-label={`Revoke ${apiKey.name}`} onClick={() => setAsking(true)}>
          Revoke
        </button>
      </div>
      {asking && (
        <Confirm
          title={`Revoke “${apiKey.name}”?`}
          action="Revoke key"
          busy={revoke.isPending}
          onConfirm={() => revoke.mutate()}
          onClose={() => setAsking(false)}
        >
          Programs that use it are refused from then on. This cannot be undone.
        </Confirm>
      )}
    </li>
  );
}
