import { type DataOf, Handles, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { ListEmails } from '../contracts/index.js';
import { notAnAdministrator } from '../domain/errors.js';
import { OutgoingEmails } from '../persistence/outgoing-emails.js';

@Handles(ListEmails)
export class ListEmailsHandler {
  constructor(private readonly emails: OutgoingEmails) {}

  async handle(page: DataOf<ListEmails>, context: MessageContext): Promise<ResultOf<ListEmails>> {
    if (requireActor(context).role !== 'admin') throw notAnAdministrator();
    return this.emails.list(page);
  }
}
