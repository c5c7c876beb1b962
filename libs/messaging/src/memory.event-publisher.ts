import { newId } from '@app/kernel';
import { eventMetadata } from './context.js';
import { EventPublisher } from './event-publisher.js';
import { type IntegrationEvent, typeOf } from './message.js';
import { Transport } from './transport.js';

/** For tests without a database: an event goes straight to the transport, without commit or event store. */
export class MemoryEventPublisher extends EventPublisher {
  constructor(
    private readonly transport: Transport,
    private readonly service: string,
  ) {
    super();
  }

  async publish(event: IntegrationEvent): Promise<void> {
    const { correlationid = newId(), ...caused } = eventMetadata();
    const time = new Date().toISOString();
    await this.transport.publish([
      { id: newId(), type: typeOf(event), source: this.service, time, correlationid, ...caused, data: event.data },
    ]);
  }
}
