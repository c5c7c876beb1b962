/** An event as an aggregate knows it: a wire type and plain data. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
}

/**
 * An event-sourced aggregate. Decisions call `record`, which changes the state through `apply` and keeps the event
 * until it is stored; `load` replays what was stored. `version` counts the stored events.
 */
export abstract class AggregateRoot<E extends DomainEvent> {
  #version = 0;
  #pending: E[] = [];

  /** The number of events of this stream that are stored. */
  get version(): number {
    return this.#version;
  }

  /** Events that were recorded and are not stored yet, in order. */
  get pending(): readonly E[] {
    return this.#pending;
  }

  load(events: Iterable<E>): this {
    for (const event of events) {
      this.apply(event);
      this.#version++;
    }
    return this;
  }

  /** To be called by the repository once `pending` is stored. */
  committed(): void {
    this.#version += this.#pending.length;
    this.#pending = [];
  }

  protected record(event: E): void {
    this.apply(event);
    this.#pending.push(event);
  }

  /** Changes the state; never decides, never throws on an event that was once recorded. */
  protected abstract apply(event: E): void;
}
