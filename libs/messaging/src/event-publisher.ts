import type { IntegrationEvent } from './message.js';

/** Stores an integration event in the ambient unit of work; the outbox relay sends it after the commit. */
export abstract class EventPublisher {
  abstract publish(event: IntegrationEvent, stream: string): Promise<void>;
}
