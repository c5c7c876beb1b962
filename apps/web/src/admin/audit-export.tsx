import { useState } from 'react';
import { api } from '../api/session.js';
import { formatBytes } from '../lib/format.js';
import { DownloadIcon } from '../ui/icons.js';
import { Popover } from '../ui/popover.js';
import { toast, toastError } from '../ui/toast.js';
import { exportPath, type AuditFilter } from './api.js';

type Format = 'ndjson' | 'csv';

/** Takes a copy of what the filter shows. The access token is no cookie, so a plain link would be refused. */
export function AuditExport({ filter }: { filter: AuditFilter }) {
  const [running, setRunning] = useState<{ received: number; stop: AbortController } | null>(null);
  const start = (format: Format) => {
    const stop = new AbortController();
    setRunning({ received: 0, stop });
    download(exportPath(filter, format), stop.signal, (received) => setRunning({ received, stop }))
      .then((name) => toast(`${name} is ready.`))
      .catch((error: unknown) => {
        if (!stop.signal.aborted) toastError(error);
      })
      .finally(() => setRunning(null));
  };
  if (running) {
    return (
      <button type="button" className="button" onClick={() => running.stop.abort()}>
        Stop export · {formatBytes(running.received)}
      </button>
    );
  }
  const filtered = Object.keys(filter).length > 0;
  return (
    <Popover
      label={
        <>
          <DownloadIcon /> Export
        </>
      }
      name="Export"
      className="button"
      align="end"
    >
      {(close) =>
        (['ndjson', 'csv'] as const).map((format) => (
          <button
            key={format}
            type="button"
            role="menuitem"
            className="menu-item"
            onClick={() => {
              close();
              start(format);
            }}
          >
            {format === 'csv' ? 'Table (CSV)' : filtered ? 'Lines (NDJSON)' : 'Lines (NDJSON), can be verified'}
          </button>
        ))
      }
    </Popover>
  );
}

/** Reads it as it comes; a large blob is kept by the browser on its disk. @returns the file's name */
async function download(path: string, signal: AbortSignal, onProgress: (bytes: number) => void): Promise<string> {
  const response = await api.stream(path, { signal, headers: { accept: '*/*' } });
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'parley-audit';
  let received = 0;
  const counted = response.body!.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        received += chunk.byteLength;
        onProgress(received);
        controller.enqueue(chunk);
      },
    }),
  );
  // A server that fails midway cuts the body, which rejects here: half an audit is no file.
  const blob = await new Response(counted).blob();
  const url = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return name;
}
