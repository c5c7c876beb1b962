import { Inbox } from './inbox.js';
import type { UnitSql } from './sql.js';

const NOTE = `INSERT INTO platform.inbox (queue, message_id, handled_at) VALUES ($1, $2, now())`;
const RECORD = `${NOTE} ON CONFLICT (queue, message_id) DO NOTHING RETURNING message_id`;

/** Rows of `platform.inbox`, written in the handler's own unit of work. */
export class DatabaseInbox extends Inbox {
  constructor(private readonly sql: UnitSql) {
    super();
  }

  /** The database itself refuses the second one, so that nothing need be looked at before the commit. */
  async note(queue: string, messageId: string): Promise<void> {
    void this.sql.queryWithNext(NOTE, [queue, messageId]);
  }

  isRepeat(error: unknown): boolean {
    const { code, schema, table } = (error ?? {}) as { code?: string; schema?: string; table?: string };
    return code === '23505' && schema === 'platform' && table === 'inbox';
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
