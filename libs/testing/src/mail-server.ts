import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

/** What the server says instead of yes; `silent`: nothing, ever. */
export type MailAnswer = { code: number; message: string } | 'silent';

export interface ReceivedMail {
  from: string;
  to: string[];
  /** As it came over the wire. */
  source: string;
  mail: Email;
}

export interface MailServerOptions {
  port?: number;
  /** Asked at RCPT TO. */
  onRecipient?: (address: string) => MailAnswer | undefined;
  /** Asked when an e-mail is whole; undefined accepts it. May take its time. */
  onMail?: (mail: ReceivedMail) => MailAnswer | undefined | Promise<MailAnswer | undefined>;
}

export interface MailServer {
  /** For SMTP_URL. */
  url: string;
  port: number;
  /** What was accepted, in order. */
  mails: ReceivedMail[];
  close(): Promise<void>;
}

/** A real SMTP server on loopback that keeps what it gets. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const refusal = ({ code, message }: Exclude<MailAnswer, 'silent'>) =>
    Object.assign(new Error(message), { responseCode: code });
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    closeTimeout: 50,
    onRcptTo({ address }, _session, done) {
      const answer = options.onRecipient?.(address);
      if (answer !== 'silent') done(answer ? refusal(answer) : null);
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const take = async () => {
          const source = Buffer.concat(chunks).toString();
          const { mailFrom, rcptTo } = session.envelope;
          const received: ReceivedMail = {
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(({ address }) => address),
            source,
            mail: await PostalMime.parse(source),
          };
          const answer = await options.onMail?.(received);
          if (answer === 'silent') return;
          if (!answer) mails.push(received);
          done(answer ? refusal(answer) : null);
        };
        take().catch(done);
      });
    },
  });
  // A client that was killed resets its connection.
  server.on('error', () => undefined);
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    ...{ url: `smtp://127.0.0.1:${port}`, port, mails },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
