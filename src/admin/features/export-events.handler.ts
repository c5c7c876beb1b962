import { type DataOf, Handles, MessageBus, type MessageContext } from '@app/messaging';
import { Database } from '@app/persistence';
import { AuditFollower } from '../audit/audit-follower.js';
import { csv, ndjson } from '../audit/audit-export.js';
import { AuditExported, ExportEvents } from '../contracts/index.js';
import { requireAdministrator } from '../require-administrator.js';

@Handles(ExportEvents, { onShutdown: 'finish' })
export class ExportEventsHandler {
  constructor(
    private readonly db: Database,
    private readonly bus: MessageBus,
    private readonly follower: AuditFollower,
  ) {}

  async *handle({ format, filter }: DataOf<ExportEvents>, context: MessageContext): AsyncGenerator<string> {
    requireAdministrator(context);
    await this.bus.publish(new AuditExported({ format, filter }));
    // What happened up to now, this export included, is to be in it.
    await this.follower.catchUp();
    yield* format === 'csv' ? csv(this.db, filter) : ndjson(this.db, filter);
  }
}
