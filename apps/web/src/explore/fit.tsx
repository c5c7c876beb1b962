import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { formatBytes } from '../lib/format.js';
import { Popover } from '../ui/popover.js';
import { fitInBrowser } from './browser-fit.js';
import { browserMachineQuery } from './queries.js';
import { PLACES } from './search-state.js';
import type { EntryFileView, EntryView, Verdict } from './views.js';

const WORDS: Record<Verdict, string> = { fits: 'fits', tight: 'tight', 'too-large': 'too large', unknown: 'not known' };

/** The same of an entry in a list, in a line: its page says why. */
export function EntryFit({ entry: { fit, encodings } }: { entry: EntryView }) {
  const { data: machine } = useQuery(browserMachineQuery);
  if (!fit) return null;
  const encoding = encodings.includes('gguf') ? 'gguf' : null;
  const here = machine && fitInBrowser(encoding, fit.parts.weightsBytes, fit.parts, machine);
  return (
    <p className="fits">
      {[{ place: 'server' as const, ...fit }, ...(here ? [{ place: 'browser' as const, ...here }] : [])].map(
        ({ place, verdict, explains }) => (
          <span key={place} className={`fit fit-${verdict}`} title={explains}>
            {PLACES[place]}: {WORDS[verdict]}
          </span>
        ),
      )}
      {!fit.parts.exact && <span className="muted">estimate</span>}
    </p>
  );
}

/** Whether a file fits where it may run, and why. */
export function Fits({ file }: { file: EntryFileView }) {
  const { data: machine } = useQuery(browserMachineQuery);
  const { fit, encoding, sizeBytes } = file;
  const here = machine && fitInBrowser(encoding, sizeBytes, fit.parts, machine);
  return (
    <div className="fits">
      {encoding !== 'mediapipe' && (
        <Fit where="This server" verdict={fit.verdict} file={file.file}>
          <p>{fit.explains}</p>
          {fit.diskNeedBytes > 0 && (
            <p className="muted">
              {formatBytes(fit.diskNeedBytes)} on the disk, where {formatBytes(fit.diskFreeBytes)} are free.
            </p>
          )}
        </Fit>
      )}
      {here && (
        <Fit where="This browser" verdict={here.verdict} file={file.file}>
          <p>{here.explains}</p>
          {encoding === 'gguf' && here.verdict !== 'too-large' && (
            <p className="muted">It runs on the processor there, without LoRA adapters.</p>
          )}
        </Fit>
      )}
    </div>
  );
}

interface FitProps {
  where: string;
  verdict: Verdict;
  file: string;
  children: ReactNode;
}

const Fit = ({ where, verdict, file, children }: FitProps) => (
  <Popover
    kind="dialog"
    className={`fit fit-${verdict}`}
    name={`${where}: ${WORDS[verdict]}. Why, for ${file}`}
    label={
      <span>
        {where}: {WORDS[verdict]}
      </span>
    }
  >
    {() => (
      <div className="fit-why">
        <h3>
          {where}: {WORDS[verdict]}
        </h3>
        {children}
      </div>
    )}
  </Popover>
);
