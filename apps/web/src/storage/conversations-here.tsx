import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { localConversationsQuery } from '../api/queries.js';
import { useUser } from '../api/session.js';
import { exportLocal, importLocal } from '../browser/local-conversations.js';
import { refreshConversations } from '../chat/cache.js';
import { saveFile } from '../lib/save.js';
import { Dialog } from '../ui/dialog.js';
import { Field } from '../ui/parts.js';
import { toast, toastError } from '../ui/toast.js';

const SHORTEST_PASSPHRASE = 10;

/** Conversations that no server has: the only copies, so they can be taken along. */
export function Conversations() {
  const { data: conversations = [] } = useQuery(localConversationsQuery);
  const [doing, setDoing] = useState<'export' | 'import' | null>(null);
  const count = conversations.length;
  return (
    <section aria-labelledby="conversations-title">
      <div className="section-head">
        <h2 id="conversations-title">Conversations only in this browser</h2>
        <div className="card-actions">
          <button type="button" className="button" onClick={() => setDoing('import')}>
            Import
          </button>
          <button type="button" className="button" disabled={count === 0} onClick={() => setDoing('export')}>
            Export
          </button>
        </div>
      </div>
      <p className="muted section-lead">
        {count === 0 ? 'There is none.' : `There ${count === 1 ? 'is one' : `are ${count}`}.`} No server has a copy.
        Export them to a file that is encrypted with a passphrase, and import that elsewhere: both sides are merged.
      </p>
      {doing && <Sealed doing={doing} onClose={() => setDoing(null)} />}
    </section>
  );
}

function Sealed({ doing, onClose }: { doing: 'export' | 'import'; onClose(): void }) {
  const user = useUser();
  const client = useQueryClient();
  const [passphrase, setPassphrase] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const work = useMutation({
    mutationFn: async () => {
      if (doing === 'export') {
        saveFile(await exportLocal(user.id, passphrase), 'parley-conversations.json');
        return 'The file is encrypted. Without the passphrase nobody can read it, Parley included.';
      }
      const count = await importLocal(user.id, file!, passphrase);
      await client.invalidateQueries({ queryKey: ['conversation'] });
      await refreshConversations();
      return count === 1 ? 'One conversation was imported.' : `${count} conversations were imported.`;
    },
    onSuccess: (said) => {
      toast(said);
      onClose();
    },
    onError: toastError,
  });
  const ready = passphrase.length >= (doing === 'export' ? SHORTEST_PASSPHRASE : 1) && (doing === 'export' || file);
  return (
    <Dialog title={doing === 'export' ? 'Export conversations' : 'Import conversations'} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) work.mutate();
        }}
      >
        {doing === 'import' && (
          <Field id="sealed-file" label="File">
            {(described) => (
              <input
                {...described}
                type="file"
                accept="application/json,.json"
                onChange={({ target }) => setFile(target.files?.[0] ?? null)}
              />
            )}
          </Field>
        )}
        <Field
          id="passphrase"
          label="Passphrase"
          hint={doing === 'export' ? `At least ${SHORTEST_PASSPHRASE} characters. It is kept nowhere.` : undefined}
        >
          {(described) => (
            <input
              {...described}
              type="password"
              autoComplete="off"
              value={passphrase}
              onChange={({ target }) => setPassphrase(target.value)}
            />
          )}
        </Field>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={!ready || work.isPending}>
            {doing === 'export' ? 'Export' : 'Import'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
