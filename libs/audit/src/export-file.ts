import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { DomainError } from '@app/kernel';
import type { AuditedEvent, Link } from './chain.js';
import type { Head } from './verify.js';

/**
 * Lines of an export (NDJSON): this first, then one event a line with its seal, then the end. Only a complete one can be
 * verified: a filtered one has gaps by nature.
 */
export interface ExportStart {
  format: 'parley-audit-1';
  complete: boolean;
}
export type ExportedEvent = AuditedEvent & { seal: string | null };
export interface ExportEnd {
  end: true;
  events: number;
  head: Head | null;
}

/** What the last line of an export says, once it was read. */
export interface ReadExport {
  links: AsyncGenerator<Link>;
  end(): ExportEnd | null;
}

/** @throws DomainError `platform.audit-export-unusable` for what is no complete export */
export function readExport(path: string): ReadExport {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity });
  return readExportLines(lines);
}

export function readExportLines(lines: AsyncIterable<string> | Iterable<string>): ReadExport {
  let end: ExportEnd | null = null;
  async function* links(): AsyncGenerator<Link> {
    let number = 0;
    for await (const line of lines) {
      number += 1;
      const value = parse(line, number);
      if (number === 1) {
        start(value);
        continue;
      }
      if (end) throw unusable(`Line ${number} comes after the end.`);
      if (value['end'] === true) {
        end = value as unknown as ExportEnd;
        continue;
      }
      const { seal, ...event } = value as unknown as ExportedEvent;
      if (!/^\d{1,19}$/.test(event.position)) throw unusable(`Line ${number} is no event.`);
      yield { position: event.position, event, seal };
    }
    if (number === 0) throw unusable('It is empty.');
  }
  return { links: links(), end: () => end };
}

function start(value: Record<string, unknown>): void {
  if (value['format'] !== 'parley-audit-1') throw unusable('It does not begin as an export of the audit does.');
  if (value['complete'] !== true) throw unusable('It was filtered: export the whole audit to verify it.');
}

function parse(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below, with the number of the line.
  }
  throw unusable(`Line ${number} is not a JSON object.`);
}

const unusable = (problem: string) =>
  new DomainError('invalid', 'platform.audit-export-unusable', `The export cannot be read. ${problem}`);
