import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { messageOf } from '../api/problem.js';
import { installedQuery } from '../api/queries.js';
import { api } from '../api/session.js';
import { Dialog } from '../ui/dialog.js';
import { Field } from '../ui/parts.js';
import { FileUpload } from './file-upload.js';
import { adaptersChanged, browserModelsQuery } from './queries.js';
import { UploadRows } from './upload-rows.js';
import type { AdapterView } from './views.js';

const ACCEPTED = '.json,.safetensors,.zip,.gguf,.bin';

/** A new adapter, or (`adapter` given) another version of one. */
export function UploadForm({ adapter, onClose }: { adapter?: AdapterView; onClose(): void }) {
  const id = useId();
  const models = useQuery(installedQuery);
  const browserModels = useQuery(browserModelsQuery);
  const [files, setFiles] = useState<readonly File[]>([]);
  const [uploads, setUploads] = useState<readonly FileUpload[]>([]);
  const running = useRef<readonly FileUpload[]>([]);
  const sent = useRef(false);
  // Closing the form in the middle gives the files up.
  useEffect(
    () => () => {
      if (!sent.current) for (const upload of running.current) upload.cancel();
    },
    [],
  );
  const save = useMutation({
    mutationFn: async (form: FormData) => {
      running.current = files.map((file) => new FileUpload(file));
      setUploads(running.current);
      for (const upload of running.current) upload.start();
      const uploadIds = await Promise.all(running.current.map((upload) => upload.id));
      sent.current = true;
      const text = (name: string) => {
        const value = form.get(name);
        return (typeof value === 'string' && value.trim()) || null;
      };
      const body = adapter
        ? { uploadIds }
        : {
            uploadIds,
            name: text('name'),
            description: text('description') ?? '',
            license: text('license'),
            visibility: text('visibility'),
            baseDigest: text('base'),
            browserBaseDigest: text('browserBase'),
          };
      return api.json<AdapterView>('POST', adapter ? `/api/adapters/${adapter.id}/versions` : '/api/adapters', {
        body,
      });
    },
    onSuccess: async () => {
      await adaptersChanged();
      onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  // MediaPipe's own format, which no server runs.
  const onlyForBrowser = files.length > 0 && files.every(({ name }) => name.toLowerCase().endsWith('.bin'));
  const forBrowser = browserModels.data?.filter(({ lora }) => lora) ?? [];

  return (
    <Dialog title={adapter ? `New version of ${adapter.name}` : 'Add an adapter'} onClose={onClose}>
      <form onSubmit={submit}>
        {!adapter && (
          <>
            <Field id={`${id}-name`} label="Name">
              {(field) => <input {...field} name="name" autoFocus required maxLength={120} />}
            </Field>
            <Field
              id={`${id}-base`}
              label="Base model"
              hint="The model that it was trained on. It works with no other."
            >
              {(field) => (
                // Another one once there is something to choose from: the first is then the one that is chosen.
                <select
                  {...field}
                  key={`${models.status} ${onlyForBrowser}`}
                  name="base"
                  defaultValue={onlyForBrowser ? '' : undefined}
                >
                  {models.data?.map((model) => (
                    <option key={model.digest} value={model.digest}>
                      {model.name}
                    </option>
                  ))}
                  <option value="">None on this server</option>
                </select>
              )}
            </Field>
            {forBrowser.length > 0 && (
              <Field id={`${id}-browser`} label="The same model for the browser">
                {(field) => (
                  <select
                    {...field}
                    key={`${onlyForBrowser}`}
                    name="browserBase"
                    defaultValue={onlyForBrowser ? forBrowser[0]?.digest : ''}
                  >
                    <option value="">None</option>
                    {forBrowser.map((model) => (
                      <option key={model.digest} value={model.digest}>
                        {model.name}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
            )}
          </>
        )}
        <Field
          id={`${id}-files`}
          label="Files"
          hint="adapter_config.json and adapter_model.safetensors of PEFT, or both in one zip; or a GGUF or MediaPipe adapter."
        >
          {(field) => (
            <input
              {...field}
              type="file"
              multiple
              required
              accept={ACCEPTED}
              disabled={uploads.length > 0}
              onChange={(event) => setFiles([...(event.target.files ?? [])])}
            />
          )}
        </Field>
        {!adapter && (
          <>
            <Field id={`${id}-description`} label="Description">
              {(field) => <input {...field} name="description" maxLength={4000} />}
            </Field>
            <Field id={`${id}-license`} label="Licence" hint="Its SPDX identifier, such as Apache-2.0.">
              {(field) => <input {...field} name="license" maxLength={100} />}
            </Field>
            <Field id={`${id}-visibility`} label="Who may use it">
              {(field) => (
                <select {...field} name="visibility" defaultValue="private">
                  <option value="private">Only you</option>
                  <option value="group">Accounts with your role</option>
                  <option value="public">Everybody on this server</option>
                </select>
              )}
            </Field>
          </>
        )}
        {uploads.length > 0 && <UploadRows uploads={uploads} />}
        {save.isError && (
          <p className="form-error" role="alert">
            {messageOf(save.error)}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={save.isPending || files.length === 0}>
            {save.isPending ? 'Uploading' : 'Upload'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
