import type { DomainError } from '@app/kernel';
import { Logger } from '@nestjs/common';
import type { SourceName } from '../contracts/index.js';
import { installCancelled } from '../domain/errors.js';
import type { Install } from '../domain/install.js';
import type { Installs } from '../domain/installs.js';
import type { DownloadObserver } from './model-download.js';
import type { InstallFeed } from './install-feed.js';

/** Most watchers see ten steps a second; the database sees four, and one when nothing moves. */
const SHOW_MS = 100;
const SAVE_MS = 250;
const SAVE_IDLE_MS = 1000;

/**
 * Tells how an install goes: to its watchers, coarsely to the database, by tenths to the log. Each save also finds out
 * whether the install still is this worker's business; if not, `stop` aborts.
 */
export class InstallProgress implements DownloadObserver, AsyncDisposable {
  private readonly logger = new Logger('Explore');
  private readonly timer: NodeJS.Timeout;
  private saving: Promise<void> | undefined;
  private changed = false;
  private savedAt = Date.now();
  private shownAt = 0;
  private loggedTenth = 0;

  constructor(
    private readonly install: Install,
    private readonly installs: Installs,
    private readonly feed: InstallFeed,
    private readonly stop: AbortController,
  ) {
    this.timer = setInterval(() => this.tick(), SAVE_MS).unref();
  }

  received(source: SourceName | null, bytes: number): void {
    if (this.stop.signal.aborted) return;
    const before = this.install.snapshot;
    if (source && source !== before.source) this.logger.log(`Fetching ${before.name} from ${source}.`);
    this.install.receive(source, bytes, new Date());
    this.changed = true;
    this.log();
    if (Date.now() - this.shownAt >= SHOW_MS) this.show();
  }

  async verifying(): Promise<void> {
    this.stop.signal.throwIfAborted();
    this.install.verify(new Date());
    await this.save();
    this.show();
    this.stop.signal.throwIfAborted();
  }

  refused(source: SourceName, { message, code }: DomainError): void {
    this.logger.log({ msg: `${source} could not deliver ${this.install.snapshot.name}: ${message}`, source, code });
  }

  /** Waits for what is being stored; nothing is stored afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.timer);
    await this.saving;
  }

  show(): void {
    this.shownAt = Date.now();
    this.feed.publish(this.install.view());
  }

  private tick(): void {
    // What came after the last showing would wait for the next chunk, which may be long in coming.
    if (this.changed) this.show();
    const due = this.changed || Date.now() - this.savedAt >= SAVE_IDLE_MS;
    if (due && !this.saving && !this.stop.signal.aborted) void this.save();
  }

  private async save(): Promise<void> {
    await this.saving;
    this.changed = false;
    this.savedAt = Date.now();
    this.saving = this.installs
      .save(this.install)
      .then((current) => {
        if (!current) this.stop.abort(installCancelled());
      })
      .catch((error: unknown) => this.stop.abort(error))
      .finally(() => (this.saving = undefined));
    await this.saving;
  }

  private log(): void {
    const { receivedBytes, totalBytes, name } = this.install.snapshot;
    const tenth = Math.floor((receivedBytes / totalBytes) * 10);
    if (tenth > this.loggedTenth)
      this.logger.log(`${name}: ${tenth * 10} % of ${(totalBytes / 1e6).toFixed(0)} MB received.`);
    this.loggedTenth = Math.max(this.loggedTenth, tenth);
  }
}
