import { newId } from '@app/kernel';
import type { InstallError, InstallStatus, InstallView, SourceName } from '../contracts/index.js';
import type { CatalogueEntry } from './catalogue.js';
import { installFinished } from './errors.js';

export interface InstallState {
  id: string;
  catalogueId: string;
  name: string;
  digest: string | null;
  status: InstallStatus;
  source: SourceName | null;
  receivedBytes: number;
  totalBytes: number;
  error: InstallError | null;
  createdAt: Date;
  updatedAt: Date;
  /** Counts the stored changes; whoever holds an older one may no longer write. */
  revision: number;
}

/**
 * One attempt to install a model.
 *
 * queued → downloading → verifying → installed; from each of the first three to cancelled or failed; from those two
 * back to queued. A worker that takes over from one that crashed starts again at downloading.
 */
export class Install {
  constructor(private readonly state: InstallState) {}

  static request(entry: CatalogueEntry, now: Date): Install {
    return new Install({
      id: newId(),
      catalogueId: entry.id,
      name: entry.name,
      digest: entry.digest,
      status: 'queued',
      source: null,
      receivedBytes: 0,
      totalBytes: entry.sizeBytes,
      error: null,
      createdAt: now,
      updatedAt: now,
      revision: 1,
    });
  }

  get id(): string {
    return this.state.id;
  }

  get catalogueId(): string {
    return this.state.catalogueId;
  }

  /** What two installs may not do at the same time. */
  get key(): string {
    return this.state.digest ?? this.state.catalogueId;
  }

  get active(): boolean {
    return isActive(this.state.status);
  }

  get snapshot(): Readonly<InstallState> {
    return this.state;
  }

  /** A worker takes it up, for the first time or after another one died. */
  begin(now: Date): void {
    this.requireActive();
    this.change({ status: 'downloading', error: null }, now);
  }

  receive(source: SourceName | null, receivedBytes: number, now: Date): void {
    this.requireActive();
    const received = Math.max(0, Math.min(receivedBytes, this.state.totalBytes));
    this.change({ status: 'downloading', source, receivedBytes: received }, now);
  }

  verify(now: Date): void {
    this.requireActive();
    this.change({ status: 'verifying', receivedBytes: this.state.totalBytes }, now);
  }

  complete(digest: string, now: Date): void {
    this.requireActive();
    this.change({ status: 'installed', digest, receivedBytes: this.state.totalBytes, error: null }, now);
  }

  fail(error: InstallError, now: Date): void {
    this.requireActive();
    this.change({ status: 'failed', error }, now);
  }

  /** False when it already was cancelled. */
  cancel(now: Date): boolean {
    if (this.state.status === 'cancelled') return false;
    this.requireActive();
    this.change({ status: 'cancelled' }, now);
    return true;
  }

  /** False when it already runs. */
  resume(now: Date): boolean {
    if (this.active) return false;
    if (this.state.status === 'installed') throw installFinished(this.id, this.state.status);
    this.change({ status: 'queued', error: null }, now);
    return true;
  }

  /** To be called by the repository with the revision that it stored. */
  stored(revision: number): void {
    this.state.revision = revision;
  }

  view(): InstallView {
    const { digest: _digest, revision: _revision, createdAt, updatedAt, ...view } = this.state;
    return { ...view, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  }

  private requireActive(): void {
    if (!this.active) throw installFinished(this.id, this.state.status);
  }

  private change(part: Partial<InstallState>, now: Date): void {
    Object.assign(this.state, part, { updatedAt: now });
  }
}

export const isActive = (status: InstallStatus): boolean =>
  status === 'queued' || status === 'downloading' || status === 'verifying';
