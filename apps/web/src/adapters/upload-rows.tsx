import { useSyncExternalStore } from 'react';
import { formatBytes } from '../lib/format.js';
import { Progress } from '../ui/parts.js';
import type { FileUpload } from './file-upload.js';

export function UploadRows({ uploads }: { uploads: readonly FileUpload[] }) {
  return (
    <ul className="uploads">
      {uploads.map((upload) => (
        <UploadRow key={upload.file.name} upload={upload} />
      ))}
    </ul>
  );
}

function UploadRow({ upload }: { upload: FileUpload }) {
  const { status, sentBytes, totalBytes, error } = useSyncExternalStore(upload.state.subscribe, upload.state.get);
  const { name } = upload.file;
  return (
    <li className="install">
      <div className="install-line">
        <span className="clip">{name}</span>
        {status === 'running' && (
          <button type="button" className="link-button" aria-label={`Pause ${name}`} onClick={() => upload.pause()}>
            Pause
          </button>
        )}
        {(status === 'paused' || status === 'failed') && (
          <button type="button" className="link-button" aria-label={`Resume ${name}`} onClick={() => upload.start()}>
            Resume
          </button>
        )}
      </div>
      <Progress value={totalBytes === 0 ? null : sentBytes / totalBytes} label={`Uploading ${name}`} />
      <span className={error ? 'field-error' : 'muted'}>
        {error ?? `${status === 'paused' ? 'Paused at ' : ''}${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}`}
      </span>
    </li>
  );
}
