import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Config } from '@app/config';
import { runDetached } from '@app/messaging';
import { counter, tracer } from '@app/observability';
import { failureOf, MOST_ATTEMPTS, waitAfter } from '../domain/delivery.js';
import { Wakes } from '../live/wakes.js';
import { type ClaimedEmail, OutgoingEmails } from '../persistence/outgoing-emails.js';
import { CONNECTIONS, Mailer } from './mailer.js';

const LOOK_MS = 1_000;
const RENEW_MS = 8_000;
/** How long it is tried to write down that an e-mail was sent while the database is away. */
const RECORD_RETRY_MS = 250;

const emails = counter('parley_emails_total', 'Attempts to hand an e-mail over, by outcome.', ['outcome']);

/**
 * Sends what is due, in as many processes as there are. Claiming, sending and recording are three steps of their own: no
 * transaction is open while the mail server is spoken to. A process that dies between the mail server's yes and the
 * record leaves a lease that runs out, and the e-mail is sent again under the same Message-ID.
 */
@Injectable()
export class EmailWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Notifications');
  private readonly sending = new Map<ClaimedEmail, Promise<void>>();
  private claiming: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly queue: OutgoingEmails,
    private readonly mailer: Mailer,
    private readonly wakes: Wakes,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.mailer.available) return;
    this.wakes.onEmails(() => runDetached(() => this.pump()));
    this.timers = [
      setInterval(() => this.pump(), LOOK_MS).unref(),
      setInterval(() => void this.renew(), RENEW_MS).unref(),
    ];
    this.pump();
  }

  /** Ends what is on its way; what is not done by then goes to whoever comes after. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.claiming;
    const late = new AbortController();
    const grace = sleep(this.config.shutdownGraceMs, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.sending.values()), grace]);
    late.abort();
    for (const timer of this.timers) clearInterval(timer);
  }

  private pump(): void {
    this.again = true;
    this.claiming ??= this.claimAll().finally(() => (this.claiming = undefined));
  }

  private async claimAll(): Promise<void> {
    try {
      while (this.again && !this.stopped && this.sending.size < CONNECTIONS) {
        this.again = false;
        const claimed = await this.queue.claim(CONNECTIONS - this.sending.size);
        for (const email of claimed) {
          this.again = true;
          const sending = this.deliver(email).finally(() => {
            this.sending.delete(email);
            if (!this.stopped) this.pump();
          });
          this.sending.set(email, sending);
        }
      }
    } catch (err) {
      this.logger.error({ msg: 'Could not look for e-mails', err });
    }
  }

  private async deliver(email: ClaimedEmail): Promise<void> {
    const { id, attempts, topic } = email;
    const attributes = { 'parley.email.topic': topic, 'parley.email.attempt': attempts };
    const span = tracer()?.start({ name: 'send e-mail', kind: 'client', attributes }, email);
    try {
      await this.mailer.send(email);
      span?.end();
    } catch (error) {
      span?.end(error);
      const { reason, passing } = failureOf(error);
      const retryAfter = passing && attempts < MOST_ATTEMPTS ? waitAfter(attempts) : null;
      emails.inc({ outcome: retryAfter === null ? 'failed' : 'retried' });
      this.logger.warn({ msg: 'An e-mail could not be sent', emailId: id, attempts, retryAfter, reason });
      return this.record(() => this.queue.failed(email, reason, retryAfter));
    }
    emails.inc({ outcome: 'sent' });
    await this.record(() => this.queue.sent(email));
  }

  /** Until it is written: what is not on record is sent a second time. */
  private async record(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write();
      } catch (err) {
        this.logger.error({ msg: 'Could not record what became of an e-mail', err });
        if (this.stopped) return;
        await sleep(RECORD_RETRY_MS);
      }
    }
  }

  private async renew(): Promise<void> {
    if (this.sending.size === 0) return;
    await this.queue
      .renew([...this.sending.keys()])
      .catch((err: unknown) => this.logger.error({ msg: 'Could not renew the lease of e-mails', err }));
  }
}
