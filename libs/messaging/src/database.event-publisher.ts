import type { EventStore } from '@app/persistence';
import { eventMetadata } from './context.js';
import { EventPublisher } from './event-publisher.js';
import { type IntegrationEvent, typeOf } from './message.js';

/** Appends the event to the event store, which is the outbox. */
export class DatabaseEventPublisher extends EventPublisher {
  constructor(
    private readonly events: EventStore,
    private readonly service: string,
  ) {
    super();
  }

  async publish(event: IntegrationEvent, stream: string): Promise<void> {
    const data = event.data as object;
    await this.events.append(stream, 'any', [{ type: typeOf(event), data }], eventMetadata(this.service));
  }
}
