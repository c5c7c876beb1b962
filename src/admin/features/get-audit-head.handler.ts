import { Handles, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { GetAuditHead } from '../contracts/index.js';

@Handles(GetAuditHead)
export class GetAuditHeadHandler {
  constructor(private readonly db: Database) {}

  async handle(): Promise<ResultOf<GetAuditHead>> {
    const [head] = await this.db.query<ResultOf<GetAuditHead>>(
      `SELECT last.position::text AS position, last.seal,
              (SELECT count(*) FROM platform.seals)::int AS sealed,
              (SELECT count(*) FROM platform.events WHERE position > coalesce(last.position, 0))::int AS waiting
       FROM (SELECT 1) AS one
       LEFT JOIN (SELECT position, seal FROM platform.seals ORDER BY position DESC LIMIT 1) AS last ON true`,
      [],
    );
    return head ?? { position: null, seal: null, sealed: 0, waiting: 0 };
  }
}
