import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { formatBytes } from '../lib/format.js';
import { Popover } from '../ui/popover.js';
import { fitInBrowser } from './browser-fit.js';
import { browserMachineQuery } from './queries.js';
import { PLACES } from './search-state.js';
import type { EntryFileView, EntryView, FitView, Verdict } from './views.js';

const WORDS: Record<Verdict, string> = { fits: 'fits', tight: 'tight', 'too-large': 'too large', unknown: 'not known' };

/** As long as nobody read the header of the file itself, it is an estimate. */
const wordOf = (verdict: Verdict, { parts }: FitView): string =>
  verdict === 'unknown' || parts.exact ? WORDS[verdict] : `probably ${WORDS[verdict]}`;

/** Whether an entry of a list fits, in a line: its page says why. */
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
            {PLACES[place]}: {wordOf(verdict, fit)}
          </span>
        ),
      )}
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
        <Fit where={PLACES.server} verdict={fit.verdict} word={wordOf(fit.verdict, fit)} file={file.file}>
          <p>{fit.explains}</p>
          {fit.diskNeedBytes > 0 && (
            <p className="muted">
              {formatBytes(fit.diskNeedBytes)} on the disk, where {formatBytes(fit.diskFreeBytes)} are free.
            </p>
          )}
        </Fit>
      )}
      {here && (
        <Fit where={PLACES.browser} verdict={here.verdict} word={wordOf(here.verdict, fit)} file={file.file}>
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
  word: string;
  file: string;
  children: ReactNode;
}

const Fit = ({ where, verdict, word, file, children }: FitProps) => (
  <Popover
    kind="dialog"
    className={`fit fit-${verdict}`}
    name={`${where}: ${word}. Why, for ${file}`}
    label={
      <span>
        {where}: {word}
      </span>
    }
  >
    {() => (
      <div className="fit-why">
        <h3>
          {where}: {word}
        </h3>
        {children}
      </div>
    )}
  </Popover>
);
