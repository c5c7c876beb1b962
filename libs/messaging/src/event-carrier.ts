import type { Database, EventCarrier, StoredEvent } from '@app/persistence';
import { envelopeOfEvent } from './envelope-of-event.js';
import type { Transport } from './transport.js';

/**
 * Stores the copies of an event with the event, where transport and events share a database: when it is committed its
 * deliveries are, and a worker begins at once. The outbox keeps what is stored before the queues are there.
 */
export class UnitCarrier implements EventCarrier {
  constructor(
    private readonly db: Pick<Database, 'atEnd'>,
    private readonly transport: Required<Pick<Transport, 'publishInUnit'>>,
  ) {}

  async carry(events: readonly StoredEvent[]): Promise<void> {
    this.db.atEnd(this.transport.publishInUnit(events.map(envelopeOfEvent)));
  }
}
