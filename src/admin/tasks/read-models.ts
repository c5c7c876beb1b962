import { Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { MessageBus, resumedStream } from '@app/messaging';
import { chatReadModels, RebuildReadModel } from '../../chat/contracts/index.js';

/** What the module that owns a read model is asked with, by the read model's name. */
const messages = new Map(chatReadModels.map((name) => [name as string, new RebuildReadModel({ name })]));

/** Every read model of the product that is made of events. */
export const readModelNames: readonly string[] = [...messages.keys()];

/** Read models belong to their modules, wherever these run: each is asked to make its own anew. */
@Injectable()
export class ReadModels {
  constructor(private readonly bus: MessageBus) {}

  /**
   * Resolves to the events that were followed. A process that ends on the way leaves the read model as it was; the next
   * one that runs the module is asked again.
   *
   * @throws DomainError not-found `platform.unknown-projection`, or what the module says
   */
  async rebuild(name: string, note: (text: string) => void, signal: AbortSignal): Promise<number> {
    const message = messages.get(name);
    if (!message) {
      const known = readModelNames;
      throw new DomainError('not-found', 'platform.unknown-projection', `There is no read model “${name}”.`, { known });
    }
    let events = 0;
    const onAway = () => note('waiting for its module');
    for await (const progress of resumedStream(() => this.bus.stream(message, { signal }), { signal, onAway })) {
      events = progress.events;
      note(`${events} events`);
    }
    return events;
  }
}
