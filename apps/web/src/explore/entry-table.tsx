import { formatBytes, formatDate, formatNumber, formatParameters } from '../lib/format.js';
import { nameOf } from './names.js';
import type { EntryView } from './views.js';

const whole = new Intl.NumberFormat('en');

/** Characters that deserve a line of their own. */
const LONG = 50;

/** What is known of it, name by name. What is not known is left out. */
export function EntryTable({ entry }: { entry: EntryView }) {
  const names = (facet: 'language' | 'encoding' | 'source', values: readonly string[]) =>
    values.map((value) => nameOf(facet, value)).join(', ') || null;
  const rows: [name: string, value: string | false | null][] = [
    ['Parameters', entry.parameters !== null && formatParameters(entry.parameters)],
    ['Context', entry.contextLength !== null && `${whole.format(entry.contextLength)} tokens`],
    ['Size', entry.sizeBytes !== null && formatBytes(entry.sizeBytes)],
    ['Quantisation', entry.quantization],
    ['Format', names('encoding', entry.encodings)],
    ['Base model', entry.baseModel],
    ['Languages', names('language', entry.languages)],
    ['Sources', names('source', entry.sources)],
    ['On the hub', entry.repo],
    ['Uses on this server', entry.uses > 0 && formatNumber(entry.uses)],
    ['In the catalogue since', formatDate(entry.addedAt)],
    ['SHA-256', entry.digest],
  ];
  return (
    <dl className="entry-table">
      {rows.map(
        ([name, value]) =>
          value && (
            <div key={name} data-wide={value.length > LONG || undefined} data-code={name === 'SHA-256' || undefined}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
