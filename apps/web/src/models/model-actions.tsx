import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, useUser } from '../api/session.js';
import type { InstalledModelView } from '../api/views.js';
import { formatBytes } from '../lib/format.js';
import { Confirm } from '../ui/dialog.js';
import { toast, toastError } from '../ui/toast.js';
import { modelsChanged } from './installs.js';

/** What an administrator does with a model that is on the server. */
export function ModelActions({ model }: { model: InstalledModelView }) {
  const { role } = useUser();
  const [asking, setAsking] = useState(false);
  const makeDefault = useMutation({
    mutationFn: () => api.json('PUT', '/api/explore/default-model', { body: { modelId: model.id } }),
    onSuccess: modelsChanged,
    onError: toastError,
  });
  const remove = useMutation({
    mutationFn: () => api.json('DELETE', `/api/explore/models/${encodeURIComponent(model.id)}`),
    onSuccess: async () => {
      toast(`${model.name} was deleted.`);
      await modelsChanged();
    },
    onError: toastError,
    onSettled: () => setAsking(false),
  });
  if (role !== 'admin') return null;
  return (
    <>
      {!model.default && (
        <button
          type="button"
          className="button"
          aria-label={`Make ${model.name} the default`}
          disabled={makeDefault.isPending}
          onClick={() => makeDefault.mutate()}
        >
          Make default
        </button>
      )}
      <button type="button" className="button" aria-label={`Delete ${model.name}`} onClick={() => setAsking(true)}>
        Delete
      </button>
      {asking && (
        <Confirm
          title={`Delete ${model.name}?`}
          action="Delete model"
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          Its file of {formatBytes(model.sizeBytes)} is removed from the server. Answers it has given stay. It can be
          installed again at any time.
        </Confirm>
      )}
    </>
  );
}
