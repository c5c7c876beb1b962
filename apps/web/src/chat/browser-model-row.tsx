import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { browserModel } from '../browser/browser-answers.js';
import { isBrowserModel } from '../browser/browser-models.js';
import { useDownload } from '../browser/downloads.js';
import type { ModelFiles } from '../browser/model-files.js';
import { fitInBrowser } from '../explore/browser-fit.js';
import { formatBytes, formatPercent } from '../lib/format.js';
import { loadPart } from '../lib/load.js';
import { CloseIcon, DownloadIcon, TrashIcon } from '../ui/icons.js';
import { toast, toastError } from '../ui/toast.js';
import type { ModelOption } from './model-choice.js';

const files = () => loadPart(() => import('../browser/model-files.js'));

const filesQuery = queryOptions({
  queryKey: ['browser-storage', 'models'],
  queryFn: async () => (await files()).modelFiles(),
  staleTime: 0,
});

/** What of a model's file is in this browser; null for a model of the server, and until it is known. */
export function useFileState(option: ModelOption): { text: string; here: boolean } | null {
  const inBrowser = isBrowserModel(option.id);
  const { data } = useQuery({ ...filesQuery, enabled: inBrowser });
  const digest = option.digest ?? '';
  const download = useDownload(digest);
  if (!inBrowser || !data) return null;
  const here = !download && data.complete.has(digest);
  const received = download?.receivedBytes ?? data.receivedBytes.get(digest) ?? 0;
  return { text: stateOf(option, data, received, here, download !== null), here };
}

/** A model that runs in this browser: the choice, and beside it what there is to do about its file. */
export function BrowserModelRow({ option, children }: { option: ModelOption; children(state: string): ReactNode }) {
  const client = useQueryClient();
  const file = useFileState(option);
  const digest = option.digest ?? '';
  const download = useDownload(digest);
  const changed = () => client.invalidateQueries({ queryKey: ['browser-storage'] });

  const bring = async () => {
    try {
      const model = await browserModel(option.id);
      if (await (await files()).downloadModel(model)) toast(`${option.name} is in this browser.`);
    } catch (error) {
      toastError(error);
    } finally {
      await changed();
    }
  };
  const remove = async () => {
    try {
      await (await files()).deleteModel(digest);
      toast(`${option.name} was deleted from this browser.`);
    } catch (error) {
      toastError(error);
    } finally {
      await changed();
    }
  };
  const action = file && (
    <Action
      {...(download
        ? { name: `Cancel the download of ${option.name}`, icon: <CloseIcon />, onClick: download.cancel }
        : file.here
          ? { name: `Delete ${option.name} from this browser`, icon: <TrashIcon />, onClick: () => void remove() }
          : { name: `Download ${option.name}`, icon: <DownloadIcon />, onClick: () => void bring() })}
    />
  );
  return (
    <div role="none" className="model-row">
      {children(file?.text ?? '')}
      {action}
    </div>
  );
}

const Action = ({ name, icon, onClick }: { name: string; icon: ReactNode; onClick(): void }) => (
  <button type="button" role="menuitem" className="icon-button" aria-label={name} title={name} onClick={onClick}>
    {icon}
  </button>
);

function stateOf(option: ModelOption, data: ModelFiles, received: number, here: boolean, coming: boolean): string {
  const size = option.sizeBytes ?? 0;
  if (here) return data.loaded === option.digest ? 'in memory' : 'downloaded';
  const share = size > 0 ? formatPercent(received / size) : '';
  if (coming) return `${share} has come`;
  const parts = {
    weightsBytes: size,
    kvBytesPerToken: null,
    computeBytes: null,
    modelContextLength: null,
    exact: false,
  };
  const encoding = option.engine === 'mediapipe' ? 'mediapipe' : 'gguf';
  const { verdict, explains } = fitInBrowser(encoding, size - received, parts, data.machine);
  const fit = verdict === 'too-large' ? ` · ${explains}` : '';
  return `${received > 0 ? `${share} downloaded, goes on from there` : 'to download'}${fit}`;
}

/** What the models take of what the browser grants. */
export function BrowserQuota() {
  const { data } = useQuery(filesQuery);
  if (!data) return null;
  const { usedBytes, quotaBytes } = data.quota;
  return (
    <div role="none" className="menu-note muted">
      {formatBytes(usedBytes)} of {formatBytes(quotaBytes)} used in this browser
    </div>
  );
}
