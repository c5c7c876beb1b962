import { Logger } from '@nestjs/common';
import { DomainError, toDomainError } from '@app/kernel';
import { type DataOf, type MessageContext, MessageBus, OnEvent } from '@app/messaging';
import { Database } from '@app/persistence';
import { AdapterConversion } from '../adapters/adapter-conversion.js';
import { AdapterConversionRequested, AdapterVersionFailed, AdapterVersionReady } from '../contracts/index.js';
import { adapterGone } from '../domain/adapter-errors.js';
import { Adapters, type Conversion, type ConversionResult } from '../persistence/adapters.js';
import { UploadBytes } from '../persistence/upload-bytes.js';

const ATTEMPTS_OF_A_DEFECT = 3;
const SAVE_MS = 250;

/**
 * Checks and converts a version. Delivered again after a crash it begins anew, under a higher epoch; it ends as ready or
 * as failed, and only then are the uploads given up.
 */
@OnEvent(AdapterConversionRequested, {
  queue: 'explore.convert-on-adapter-conversion-requested',
  transaction: false,
  attempts: 20,
})
export class ConvertOnAdapterConversionRequestedHandler {
  private readonly logger = new Logger('Adapters');

  constructor(
    private readonly adapters: Adapters,
    private readonly conversion: AdapterConversion,
    private readonly uploads: UploadBytes,
    private readonly db: Database,
    private readonly bus: MessageBus,
  ) {}

  async handle({ versionId }: DataOf<AdapterConversionRequested>, context: MessageContext): Promise<void> {
    const job = await this.adapters.claim(versionId);
    if (!job) return;
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    try {
      const result = await this.conversion.run(job, signal, this.reporter(job, stop));
      if (!(await this.finish(job, result))) throw adapterGone();
    } catch (thrown) {
      context.signal.throwIfAborted();
      const error: unknown = stop.signal.aborted ? stop.signal.reason : thrown;
      if (!(await this.stillThere(job))) return this.conversion.discard([versionId]);
      // Another worker's by now, which sees to the rest.
      if (error instanceof DomainError && error.code === 'explore.adapter-gone') return;
      const passing = !(error instanceof DomainError) || error.kind === 'unavailable';
      if (passing && context.deliveryAttempt < ATTEMPTS_OF_A_DEFECT) throw error;
      await this.fail(job, error);
    }
    await this.uploads.remove(job.uploadIds);
  }

  /** Stores how far it is, a few times a second; learns on the way when the work is not wanted any more. */
  private reporter(job: Conversion, stop: AbortController): (step: string, progress: number) => void {
    let savedAt = 0;
    let saved = '';
    return (step, progress) => {
      const now = Date.now();
      if (step === saved && now - savedAt < SAVE_MS) return;
      [saved, savedAt] = [step, now];
      this.adapters.progress(job, step, progress).then(
        (mine) => mine || stop.abort(adapterGone()),
        (error: unknown) => stop.abort(error),
      );
    };
  }

  private async finish(job: Conversion, result: ConversionResult): Promise<boolean> {
    const { adapterId, versionId, number, ownerId, name } = job;
    const finished = await this.db.transaction(async () => {
      if (!(await this.adapters.complete(job, result))) return false;
      const files = result.files.map(({ encoding, sha256, sizeBytes }) => ({ encoding, sha256, sizeBytes }));
      await this.bus.publish(new AdapterVersionReady({ adapterId, versionId, number, ownerId, name, files }), {
        stream: `explore.adapter:${adapterId}`,
      });
      return true;
    });
    if (finished) this.logger.log({ msg: `Version ${number} of ${name} can be loaded.`, adapterId });
    return finished;
  }

  private async fail(job: Conversion, cause: unknown): Promise<void> {
    const { code, message } = toDomainError(cause);
    const { adapterId, versionId, number, ownerId, name } = job;
    this.logger.warn({ msg: message, code, adapterId, ...(!(cause instanceof DomainError) && { err: cause }) });
    await this.db.transaction(async () => {
      if (!(await this.adapters.fail(job, { code, message }))) return;
      await this.bus.publish(new AdapterVersionFailed({ adapterId, versionId, number, ownerId, name, code, message }), {
        stream: `explore.adapter:${adapterId}`,
      });
    });
  }

  private async stillThere({ versionId }: Conversion): Promise<boolean> {
    return (await this.db.query(`SELECT 1 FROM explore.adapter_versions WHERE id = $1`, [versionId])).length > 0;
  }
}
