import { useMutation } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import { messageOf } from '../api/problem.js';
import { keysChanged } from '../api/queries.js';
import { api, useUser } from '../api/session.js';
import { SCOPES, type CreatedApiKey, type Scope } from '../api/views.js';
import { CopyButton } from '../chat/message-parts.js';
import { Dialog } from '../ui/dialog.js';
import { Field } from '../ui/parts.js';

const MEANING: Record<Scope, string> = {
  inference: 'Ask models through the OpenAI-compatible API',
  chat: 'Read and write your conversations',
  explore: 'Look at and install models',
  admin: 'Administer this server',
};

const LIFETIMES = [
  ['', 'Never'],
  ['30', 'In 30 days'],
  ['90', 'In 90 days'],
  ['365', 'In a year'],
] as const;

export function NewApiKey({ onClose }: { onClose(): void }) {
  const { role } = useUser();
  const id = useId();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>(['inference']);
  const [days, setDays] = useState('');
  const create = useMutation({
    mutationFn: () =>
      api.json<CreatedApiKey>('POST', '/api/auth/api-keys', {
        body: {
          name: name.trim(),
          scopes,
          expiresAt: days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : undefined,
        },
      }),
    onSuccess: keysChanged,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const toggle = (scope: Scope) =>
    setScopes((list) => (list.includes(scope) ? list.filter((other) => other !== scope) : [...list, scope]));

  if (create.data) {
    return (
      <Dialog title="Your new key" onClose={onClose} className="dialog-small">
        <p className="muted">Copy it now: it is shown only this once.</p>
        <div className="secret">
          <input
            readOnly
            aria-label="API key"
            className="mono"
            value={create.data.key}
            onFocus={(e) => e.target.select()}
          />
          <CopyButton text={create.data.key} name="Copy key" />
        </div>
        <div className="dialog-actions">
          <button type="button" className="button button-primary" onClick={onClose}>
            Done
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="New API key" onClose={onClose} className="dialog-small">
      <form onSubmit={submit}>
        <Field id={`${id}-name`} label="Name" hint="What will use it.">
          {(field) => (
            <input
              {...field}
              autoFocus
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <fieldset className="field">
          <legend>It may</legend>
          {SCOPES.filter((scope) => scope !== 'admin' || role === 'admin').map((scope) => (
            <label key={scope} className="check">
              <input type="checkbox" checked={scopes.includes(scope)} onChange={() => toggle(scope)} />
              <span>
                {MEANING[scope]} <span className="badge">{scope}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <Field id={`${id}-days`} label="Expires">
          {(field) => (
            <select {...field} value={days} onChange={(event) => setDays(event.target.value)}>
              {LIFETIMES.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {create.isError && (
          <p className="form-error" role="alert">
            {messageOf(create.error)}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button button-primary" disabled={create.isPending || !name.trim() || scopes.length === 0}>
            Create key
          </button>
        </div>
      </form>
    </Dialog>
  );
}
