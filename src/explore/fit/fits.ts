import { Injectable } from '@nestjs/common';
import type { EntryFileView } from '../contracts/index.js';
import type { CatalogueEntry } from '../domain/catalogue.js';
import { BrowserModels } from '../persistence/browser-models.js';
import { InstalledModels } from '../persistence/installed-models.js';
import { ModelFiles } from '../persistence/model-files.js';
import { stemOf } from '../sources/hub-models.js';
import { SPARE_BYTES } from '../sources/model-download.js';
import { Capacity } from './capacity.js';
import { FileHeaders } from './file-headers.js';
import { type HeaderRead, KeptHeaders } from './kept-headers.js';
import { type Judged, judge } from './judge.js';

/** Headers of one answer that are asked for over the network; one speaks for all quantizations of a model. */
const MOST_HEADERS = 4;

/** A file that somebody may install. */
export interface Candidate extends Omit<EntryFileView, 'fit' | 'installed'> {
  /** Where its header can be read; null: it has none that says anything. */
  source: CatalogueEntry | null;
  /** It is known to be installed, by more than its digest. */
  here?: boolean;
}

/** Says of files whether they fit, and whether they are here. */
@Injectable()
export class Fits {
  constructor(
    private readonly headers: FileHeaders,
    private readonly known: KeptHeaders,
    private readonly capacity: Capacity,
    private readonly files: ModelFiles,
    private readonly models: InstalledModels,
    private readonly browserModels: BrowserModels,
  ) {}

  /** Smallest first. @param ask false: no header is asked for that is not known or here */
  async of(candidates: readonly Candidate[], ask: boolean): Promise<EntryFileView[]> {
    const [machine, freeBytes, models, browserModels] = await Promise.all([
      this.capacity.machine(),
      this.files.freeBytes(),
      this.models.catalogueIds(),
      this.browserModels.list(),
    ]);
    const here = new Set([...models, ...browserModels].map(({ digest }) => digest));
    const read = await this.read(candidates, ask);
    const views = candidates.map((candidate): EntryFileView => {
      const { source: _source, here: known, ...file } = candidate;
      const installed = known === true || (file.digest !== null && here.has(file.digest));
      const needBytes = installed || !file.installable ? 0 : file.sizeBytes + SPARE_BYTES;
      return { ...file, installed, fit: judge(factsOf(candidate, read), machine, { needBytes, freeBytes }) };
    });
    return views.sort((a, b) => a.sizeBytes - b.sizeBytes);
  }

  /** The header of each file where it is known, else that of one file of each model; by file. */
  private async read(candidates: readonly Candidate[], ask: boolean): Promise<Map<string, HeaderRead>> {
    const models = candidates.filter(({ source }) => source !== null);
    const kept = await this.known.of(models.flatMap(({ digest }) => digest ?? []));
    const read = new Map<string, HeaderRead>();
    for (const { file, digest } of models) if (digest && kept.has(digest)) read.set(file, kept.get(digest)!);
    const stems = new Set([...read].flatMap(([file, { header }]) => (header ? [stemOf(file)] : [])));
    const wanted: Candidate[] = [];
    for (const candidate of models) {
      const { file, chosen } = candidate;
      if (read.has(file) || wanted.length === MOST_HEADERS || (stems.has(stemOf(file)) && !chosen)) continue;
      stems.add(stemOf(file));
      wanted.push(candidate);
    }
    await Promise.all(wanted.map(async ({ file, source }) => read.set(file, await this.headers.of(source!, ask))));
    return read;
  }
}

/** What is known of a file for its memory: by its own header, else by that of another quantization of its model. */
function factsOf({ file, sizeBytes, source }: Candidate, read: ReadonlyMap<string, HeaderRead>): Judged {
  if (!source)
    return { sizeBytes, facts: null, exact: false, why: 'Nothing but its size is known of a file of this kind.' };
  const own = read.get(file);
  if (own) return { sizeBytes, facts: own.header, exact: true, why: own.problem ?? undefined };
  const [sibling] = [...read].flatMap(([name, { header }]) =>
    header && stemOf(name) === stemOf(file) ? [header] : [],
  );
  // The weights are nearly all of a file.
  if (sibling) return { sizeBytes, facts: { ...sibling, tensorBytes: sizeBytes }, exact: false };
  return { sizeBytes, facts: null, exact: false, why: 'The header of the file was not read.' };
}
