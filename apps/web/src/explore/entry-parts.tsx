import type { CSSProperties } from 'react';
import { formatBytes, formatParameters, formatTokens } from '../lib/format.js';
import { AdapterIcon } from '../ui/icons.js';
import { nameOf } from './names.js';
import type { EntryView } from './views.js';

export const EntryMark = ({ entry: { kind, publisher, name } }: { entry: EntryView }) => (
  <Mark family={publisher ?? name} adapter={kind === 'adapter'} />
);

/** A tile in a colour of its publisher's own, so that families are seen at a glance. */
export function Mark({ family, adapter = false }: { family: string; adapter?: boolean }) {
  const hue = [...family].reduce((sum, char) => (sum * 31 + char.codePointAt(0)!) % 360, 7);
  return (
    <span className="entry-mark" style={{ '--hue': hue } as CSSProperties} aria-hidden="true">
      {adapter ? <AdapterIcon /> : (family.match(/[\p{L}\p{N}]/u)?.[0] ?? '?').toUpperCase()}
    </span>
  );
}

/** The measures of an entry in one line. */
export function EntryFacts({ entry }: { entry: EntryView }) {
  const { parameters, quantization, sizeBytes, contextLength, baseModel, kind } = entry;
  const facts = [
    parameters !== null && `${formatParameters(parameters)} params`,
    quantization,
    sizeBytes !== null && formatBytes(sizeBytes),
    contextLength !== null && `${formatTokens(contextLength)} context`,
    kind === 'adapter' && baseModel && `for ${baseModel}`,
  ];
  return <p className="facts">{facts.map((fact) => fact && <span key={fact}>{fact}</span>)}</p>;
}

export const EntryBadges = ({ entry }: { entry: EntryView }) => (
  <>
    {entry.kind === 'adapter' && <span className="badge">LoRA</span>}
    {entry.installedAs !== null && <span className="badge">Installed</span>}
    {entry.default && <span className="badge">{entry.installedAs ? 'Default' : 'To begin with'}</span>}
  </>
);

export const Capabilities = ({ entry: { capabilities } }: { entry: EntryView }) =>
  capabilities.length > 0 && (
    <ul className="tags" aria-label="Good at">
      {capabilities.map((capability) => (
        <li key={capability}>{nameOf('capability', capability)}</li>
      ))}
    </ul>
  );
