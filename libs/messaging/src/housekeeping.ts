import { Logger } from '@nestjs/common';
import type { Sql } from './sql.js';

/** Longer than a message can take to come a second time. */
const INBOX_DAYS = 7;
const HOUR_MS = 3_600_000;

/** Keeps the messaging tables small: rows come and go all day, and the embedded database never vacuums by itself. */
export class Housekeeping {
  private readonly logger = new Logger('Messaging');
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly sql: Sql) {}

  start(): void {
    this.timer = setInterval(() => void this.tidy(), HOUR_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Never rejects; what fails now is done an hour later. */
  async tidy(): Promise<void> {
    try {
      await this.sql.query(`DELETE FROM platform.inbox WHERE handled_at < now() - $1::float8 * interval '1 day'`, [
        INBOX_DAYS,
      ]);
      for (const table of ['outbox', 'deliveries', 'inbox']) await this.sql.query(`VACUUM ANALYZE platform.${table}`);
    } catch (err) {
      this.logger.error({ msg: 'Could not tidy the messaging tables', err });
    }
  }
}
