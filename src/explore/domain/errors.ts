import { DomainError } from '@app/kernel';
import type { SourceName } from '../contracts/index.js';

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

export const unknownCatalogueEntry = (catalogueId: string) =>
  new DomainError('not-found', 'explore.unknown-catalogue-entry', 'There is no such model in the catalogue.', {
    catalogueId,
  });

export const installNotFound = (installId: string) =>
  new DomainError('not-found', 'explore.install-not-found', 'There is no such install.', { installId });

export const modelNotFound = (modelId: string) =>
  new DomainError('not-found', 'explore.model-not-found', 'No such model is installed.', { modelId });

export const installFinished = (installId: string, status: string) =>
  new DomainError('conflict', 'explore.install-finished', `This install is already ${status}.`, { installId, status });

/** Why a running install was stopped; never stored as a failure. */
export const installCancelled = () =>
  new DomainError('cancelled', 'explore.install-cancelled', 'The install was cancelled.');

/** The one failure of a source that is worth another try. */
export const sourceUnavailable = (source: SourceName, reason: string, cause?: unknown) =>
  new DomainError('unavailable', 'explore.source-unavailable', reason, { source }, { cause });

export const notAtSource = (source: SourceName, reason: string) =>
  new DomainError('not-found', 'explore.not-found', reason, { source });

export const badCursor = () =>
  new DomainError('invalid', 'explore.bad-cursor', 'The cursor is not one of this search: begin it again.');

export const noMachine = () =>
  new DomainError('unavailable', 'explore.no-machine', 'No service that runs models could be asked what it has.');

export const hubOff = () =>
  new DomainError('unavailable', 'explore.hub-off', 'EXPLORE_SOURCES does not allow the hub.');

export const noCard = () => new DomainError('not-found', 'explore.no-card', 'This entry has no card.');

export const noPicture = () =>
  new DomainError('not-found', 'explore.no-picture', 'The card of this entry names no such picture.');

export const notAPicture = () =>
  new DomainError('not-found', 'explore.not-a-picture', 'What the card names is no PNG, JPEG, WebP or GIF.');

export const gated = (source: SourceName, status: number) =>
  new DomainError(
    'forbidden',
    'explore.gated',
    `The repository refuses the download (${status}): accept its licence on the hub and set HF_TOKEN.`,
    { source, status },
  );

export const rateLimited = (source: SourceName, retryAfter: string | null) =>
  new DomainError(
    'rate-limited',
    'explore.rate-limited',
    `The source asks to wait${retryAfter ? ` (${retryAfter} s)` : ''} before the next download.`,
    { source, retryAfter },
  );

export const wrongSize = (expected: number, actual: number) =>
  new DomainError('invalid', 'explore.wrong-size', `The file has ${actual} bytes where ${expected} were promised.`, {
    expected,
    actual,
  });

export const wrongDigest = (expected: string, actual: string) =>
  new DomainError('invalid', 'explore.wrong-digest', 'The file is not the promised one: its SHA-256 differs.', {
    expected,
    actual,
  });

export const notAModel = (reason: string) => new DomainError('invalid', 'explore.not-a-model', reason);

export const diskFull = (neededBytes: number, freeBytes: number) =>
  new DomainError(
    'unavailable',
    'explore.disk-full',
    `The models folder needs ${mib(neededBytes)} more, but only ${mib(freeBytes)} are free.`,
    { neededBytes, freeBytes },
  );

export const modelsFolderUnusable = (code: string) =>
  new DomainError('unavailable', 'explore.models-folder-unusable', `The models folder cannot be written (${code}).`, {
    code,
  });

export interface SourceFailure {
  source: SourceName;
  error: DomainError;
}

// What a person can act on comes first: a hub that wants a token matters more than a folder that lacks the file.
const telling = [
  'gated',
  'rate-limited',
  'wrong-digest',
  'wrong-size',
  'not-a-model',
  'source-unavailable',
  'not-found',
];

/** One error for all the sources that were tried, naming each reason. */
export function everySourceFailed(name: string, failures: readonly SourceFailure[]): DomainError {
  const [first] = [...failures].sort((a, b) => rank(a.error) - rank(b.error));
  if (!first)
    return new DomainError('not-found', 'explore.not-found', `None of the allowed sources offers ${name}.`, {
      sources: [],
    });
  const reasons = failures.map(({ source, error }) => `${source}: ${error.message}`).join(' ');
  return new DomainError(first.error.kind, first.error.code, `No source could deliver ${name}. ${reasons}`, {
    sources: failures.map(({ source, error }) => ({ source, code: error.code, message: error.message })),
  });
}

const rank = ({ code }: DomainError) => (telling.indexOf(code.replace('explore.', '')) + 100) % 100;
