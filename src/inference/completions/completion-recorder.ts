import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { MessageBus, runDetached } from '@app/messaging';
import { type CompletionRecord, CompletionsRecorded } from '../contracts/index.js';

/** Records of one moment share an event: a request of `/v1` waits for none of it. */
const GATHERED_MS = 200;
const MOST_AT_ONCE = 500;
const RETRY_MS = 2_000;
/** While the database is away. What comes on top is not counted, and the log says so. */
const MOST_KEPT = 50_000;

/**
 * Says what requests of `/v1` used, soon after they ended. A process that is killed takes the records of the last moment
 * with it; one that ends in order does not.
 */
@Injectable()
export class CompletionRecorder implements BeforeApplicationShutdown {
  readonly #logger = new Logger('Inference');
  #kept: CompletionRecord[] = [];
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> | undefined;
  #closing = false;

  constructor(private readonly bus: MessageBus) {}

  /** Resolves at once; while the process ends, when it is stored. */
  async record(completion: CompletionRecord): Promise<void> {
    if (this.#kept.length < MOST_KEPT) this.#kept.push(completion);
    else this.#logger.error({ msg: 'A request of /v1 is not counted: too many wait to be stored', ...completion });
    if (this.#closing) await this.#store();
    else this.#soon(GATHERED_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#store();
  }

  #soon(ms: number): void {
    this.#timer ??= runDetached(() =>
      setTimeout(() => {
        this.#timer = undefined;
        void this.#store();
      }, ms),
    );
  }

  /** Never rejects; one at a time, and whoever asks meanwhile waits until all is stored. */
  async #store(): Promise<void> {
    await this.#storing;
    this.#storing ??= runDetached(() => this.#storeAll()).finally(() => (this.#storing = undefined));
    await this.#storing;
  }

  async #storeAll(): Promise<void> {
    while (this.#kept.length > 0) {
      const completions = this.#kept.slice(0, MOST_AT_ONCE);
      try {
        await this.bus.publish(new CompletionsRecorded({ completions }), { stream: 'inference.completions' });
      } catch (err) {
        this.#logger.warn({ msg: 'Could not note what requests of /v1 used: will be tried again', err });
        if (!this.#closing) this.#soon(RETRY_MS);
        return;
      }
      this.#kept = this.#kept.slice(completions.length);
    }
  }
}
