import { createHash } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '@app/config';
import type { Transporter } from 'nodemailer';
import { htmlOf, subjectOf, textOf } from '../domain/email.js';
import type { ClaimedEmail } from '../persistence/outgoing-emails.js';
import { UnsubscribeTokens } from './unsubscribe-tokens.js';

/** Connections to the mail server, and so e-mails that are handed over at once. */
export const CONNECTIONS = 4;

/** Milliseconds without an answer; parameters of SMTP_URL go before (`?socketTimeout=60000`). */
const PATIENCE = { dnsTimeout: 10_000, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/** Hands e-mails to the mail server of SMTP_URL, over a small pool of connections. */
@Injectable()
export class Mailer implements OnApplicationShutdown {
  private transport: Promise<Transporter> | undefined;

  constructor(
    private readonly config: Config,
    private readonly tokens: UnsubscribeTokens,
  ) {}

  get available(): boolean {
    return this.config.notifications.smtp !== undefined;
  }

  /** Resolves when the mail server accepted it. Rejects with nodemailer's error, for `failureOf`. */
  async send(email: ClaimedEmail): Promise<void> {
    const { publicUrl = '', smtp } = this.config.notifications;
    if (!smtp) throw new Error('There is no mail server.');
    const transport = await (this.transport ??= transportTo(smtp.url));
    const token = this.tokens.make(email.recipientId, email.topic);
    const unsubscribeLink = `${publicUrl}/api/notifications/unsubscribe?token=${token}`;
    const content = {
      ...{ name: email.name, title: email.title, text: email.text, topic: email.topic, unsubscribeLink },
      link: `${publicUrl}${email.path ?? '/'}`,
      settingsLink: `${publicUrl}/account`,
    };
    const id = createHash('sha256').update(`${email.eventId} ${email.recipientId}`).digest('hex').slice(0, 40);
    await transport.sendMail({
      from: smtp.from,
      to: { name: email.name, address: email.address },
      subject: subjectOf(content),
      text: textOf(content),
      html: htmlOf(content),
      // The same for every attempt, to the byte: a mail server may tell that it has this e-mail already.
      messageId: `<${id}@${/@([^@>]+)>?$/.exec(smtp.from)?.[1] ?? 'parley'}>`,
      date: email.createdAt,
      ...{ baseBoundary: id },
      headers: {
        'List-Unsubscribe': `<${unsubscribeLink}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        'Auto-Submitted': 'auto-generated',
      },
    });
  }

  async onApplicationShutdown(): Promise<void> {
    (await this.transport)?.close();
  }
}

/** Its library is loaded with the first e-mail: most servers never send one. */
async function transportTo(url: string): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  const { username, protocol, searchParams } = new URL(url);
  return createTransport({
    ...PATIENCE,
    pool: true,
    maxConnections: CONNECTIONS,
    // Credentials do not travel in the clear unless SMTP_URL itself says so.
    ...(username && protocol === 'smtp:' && !searchParams.has('ignoreTLS') && { requireTLS: true }),
    url,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}
