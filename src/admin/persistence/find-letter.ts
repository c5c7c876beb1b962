import { DomainError } from '@app/kernel';
import type { DeadLetter, Transport } from '@app/messaging';

const PAGE = 100;

/** @throws DomainError not-found `admin.parked-message-not-found` */
export async function findLetter(transport: Transport, queue: string, id: string): Promise<DeadLetter> {
  for (let after: string | undefined; ;) {
    const page = await transport.deadLetters(queue, { after, limit: PAGE });
    const letter = page.find((candidate) => candidate.id === id);
    if (letter) return letter;
    if (page.length < PAGE) {
      throw new DomainError('not-found', 'admin.parked-message-not-found', 'This message is not parked any more.', {
        queue,
        id,
      });
    }
    after = page.at(-1)?.id;
  }
}
