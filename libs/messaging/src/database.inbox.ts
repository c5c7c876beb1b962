import { Inbox, Repeated } from './inbox.js';
import type { UnitSql } from './sql.js';

const RECORD = `INSERT INTO platform.inbox (queue, message_id, handled_at) VALUES ($1, $2, now())
  ON CONFLICT (queue, message_id) DO NOTHING RETURNING message_id`;

/** Rows of `platform.inbox`, written in the handler's own unit of work. */
export class DatabaseInbox extends Inbox {
  constructor(private readonly sql: UnitSql) {
    super();
  }

  async note(queue: string, messageId: string): Promise<void> {
    this.sql.queryWithNext(RECORD, [queue, messageId], (rows) => {
      if (rows.length === 0) throw new Repeated();
    });
  }

  async record(queue: string, messageId: string): Promise<boolean> {
    const rows = await this.sql.query(RECORD, [queue, messageId]);
    return rows.length > 0;
  }

  async has(queue: string, messageId: string): Promise<boolean> {
    const rows = await this.sql.query('SELECT 1 FROM platform.inbox WHERE queue = $1 AND message_id = $2', [
      queue,
      messageId,
    ]);
    return rows.length > 0;
  }
}
