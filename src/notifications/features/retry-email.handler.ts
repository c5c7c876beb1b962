import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { Database } from '@app/persistence';
import { type EmailView, RetryEmail } from '../contracts/index.js';
import { emailNotFound, notAnAdministrator } from '../domain/errors.js';
import { Wakes } from '../live/wakes.js';
import { OutgoingEmails } from '../persistence/outgoing-emails.js';

@Handles(RetryEmail)
export class RetryEmailHandler {
  constructor(
    private readonly emails: OutgoingEmails,
    private readonly db: Database,
    private readonly wakes: Wakes,
  ) {}

  async handle({ emailId }: DataOf<RetryEmail>, context: MessageContext): Promise<EmailView> {
    if (requireActor(context).role !== 'admin') throw notAnAdministrator();
    const email = await this.emails.retry(emailId);
    if (!email) throw emailNotFound(emailId);
    this.db.afterCommit(() => this.wakes.emailsQueued());
    return email;
  }
}
