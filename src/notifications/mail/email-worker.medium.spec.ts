import { Config, loadConfig } from '@app/config';
import { newId } from '@app/kernel';
import {
  type MailServer,
  type MailServerOptions,
  startMailServer,
  type TestDatabase,
  testDatabase,
  testDatabaseKinds,
} from '@app/testing';
import { Database } from '@app/persistence';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Wakes } from '../live/wakes.js';
import { OutgoingEmails } from '../persistence/outgoing-emails.js';
import { EmailWorker } from './email-worker.js';
import { Mailer } from './mailer.js';
import { UnsubscribeTokens } from './unsubscribe-tokens.js';

describe.each(testDatabaseKinds)('e-mail on %s', (kind) => {
  let database: TestDatabase;
  let db: Database;
  let server: MailServer | undefined;
  const running: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    database = await testDatabase(kind);
    db = database.db;
  });
  afterEach(async () => {
    for (const stop of running.splice(0)) await stop();
    await server?.close();
    server = undefined;
    await database.dispose();
  });

  const listen = async (options: MailServerOptions = {}) => (server = await startMailServer(options));
  const configOf = (url: string, env: Record<string, string> = {}) =>
    loadConfig({
      ...{ SMTP_URL: url, SMTP_FROM: 'Parley <parley@chat.example.org>', PUBLIC_URL: 'https://chat.example.org' },
      ...{ AUTH_SECRET: 'x'.repeat(40), NOTIFICATIONS_EMAILS_PER_MINUTE: '1000', SHUTDOWN_GRACE_MS: '5000' },
      ...env,
    });

  /** A worker as one process has it. */
  async function work(url: string, { env = {}, on = db }: { env?: Record<string, string>; on?: Database } = {}) {
    const config: Config = configOf(url, env);
    const tokens = new UnsubscribeTokens(config);
    await tokens.onModuleInit();
    const queue = new OutgoingEmails(on, config);
    const mailer = new Mailer(config, tokens);
    const worker = new EmailWorker(queue, mailer, new Wakes(), config);
    worker.onApplicationBootstrap();
    const stop = async () => {
      await worker.beforeApplicationShutdown();
      await mailer.onApplicationShutdown();
    };
    running.push(stop);
    return { queue, tokens, stop };
  }

  async function queueEmail(over: { name?: string; text?: string; onlyIfUnread?: boolean; read?: boolean } = {}) {
    const id = newId();
    const notificationId = newId();
    const recipientId = newId();
    const { name = 'Ada', text = 'Lighthouses & <keepers>', onlyIfUnread = false, read = false } = over;
    await db.query(
      `INSERT INTO notifications.notifications (id, recipient_id, kind, title, text, created_at, read_at)
       VALUES ($1, $2, 'answer-finished', 't', 't', now(), CASE WHEN $3 THEN now() END)`,
      [notificationId, recipientId, read],
    );
    await db.query(
      `INSERT INTO notifications.emails
         (id, event_id, recipient_id, notification_id, topic, address, name, title, text, path, only_if_unread, state,
          due_at, created_at)
       VALUES ($1, $2, $3, $4, 'answers', $5, $6, 'Your answer is ready', $7, '/c/1', $8, 'queued', now(), now())`,
      [id, newId(), recipientId, notificationId, `${id}@example.org`, name, text, onlyIfUnread],
    );
    return { id, recipientId };
  }
  const rowOf = async (id: string) => {
    const rows = await db.query<{ state: string; attempts: number; error: string | null; due_in: number }>(
      `SELECT state, attempts, error, extract(epoch FROM due_at - now())::float8 AS due_in
       FROM notifications.emails WHERE id = $1`,
      [id],
    );
    return rows[0]!;
  };
  const until = (id: string, state: string, attempts = 1) =>
    vi.waitFor(async () => expect(await rowOf(id)).toMatchObject({ state, attempts }), {
      timeout: 15_000,
      interval: 50,
    });
  /** Time passes. */
  const dueNow = (id: string) => db.query(`UPDATE notifications.emails SET due_at = now() WHERE id = $1`, [id]);

  it('is sent in two parts, with a way to end it and an id that follows from the event', async () => {
    const { url, mails } = await listen();
    const { tokens } = await work(url);
    const { id, recipientId } = await queueEmail({ name: '<i>Ada</i>' });
    await until(id, 'sent');
    const [{ mail, to, from }] = mails as [(typeof mails)[number]];
    expect({ from, to }).toEqual({ from: 'parley@chat.example.org', to: [`${id}@example.org`] });
    expect(mail.subject).toBe('Your answer is ready: Lighthouses & <keepers>');
    expect(mail.text).toContain('Hello <i>Ada</i>,');
    expect(mail.html).toContain('&lt;i&gt;Ada&lt;/i&gt;');
    expect(mail.html).toContain('Lighthouses &amp; &lt;keepers&gt;');
    expect(mail.html).toContain('href="https://chat.example.org/c/1"');
    expect(mail.messageId).toMatch(/^<[0-9a-f]{40}@chat\.example\.org>$/);
    const header = (key: string) => mail.headers.find((found) => found.key === key)?.value;
    const link = `https://chat.example.org/api/notifications/unsubscribe?token=${tokens.make(recipientId, 'answers')}`;
    expect(header('list-unsubscribe')).toBe(`<${link}>`);
    expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
    expect(mail.text).toContain(link);
    expect(header('auto-submitted')).toBe('auto-generated');
  });

  it('is tried again when the server is busy, as the same e-mail to the byte', async () => {
    const sources: string[] = [];
    const { url, mails } = await listen({
      onMail({ source }) {
        sources.push(source);
        return sources.length === 1 ? { code: 451, message: 'Greylisted, come back' } : undefined;
      },
    });
    await work(url);
    const { id } = await queueEmail();
    await until(id, 'queued');
    const row = await rowOf(id);
    expect(row.error).toContain('Greylisted, come back');
    expect(row.due_in).toBeGreaterThan(5);
    await dueNow(id);
    await until(id, 'sent', 2);
    expect(mails).toHaveLength(1);
    expect(sources[1]).toBe(sources[0]);
  });

  it('is given up when it is refused for good, with the reason, until an administrator tries again', async () => {
    let refuse = true;
    const { url, mails } = await listen({
      onRecipient: () => (refuse ? { code: 550, message: 'No such mailbox' } : undefined),
    });
    const { queue } = await work(url);
    const { id } = await queueEmail();
    await until(id, 'failed');
    expect(await queue.list({ limit: 10, state: 'failed' })).toMatchObject({
      items: [{ id, error: expect.stringContaining('No such mailbox') as string, attempts: 1 }],
    });
    expect(mails).toEqual([]);
    refuse = false;
    expect(await queue.retry(id)).toMatchObject({ state: 'queued' });
    await until(id, 'sent');
    expect(await queue.retry(id)).toBeUndefined();
  });

  it('waits for a server that is away', async () => {
    const { url, port } = await listen();
    await server!.close();
    await work(url);
    const { id } = await queueEmail();
    await until(id, 'queued');
    expect((await rowOf(id)).error).toContain('ECONNREFUSED');
    await listen({ port });
    await dueNow(id);
    await until(id, 'sent', 2);
  });

  it('is not waited for longer than the patience with a server that says nothing', async () => {
    let silent = true;
    const { url, mails } = await listen({ onMail: () => (silent ? 'silent' : undefined) });
    await work(`${url}?socketTimeout=300`);
    const { id } = await queueEmail();
    await until(id, 'queued');
    expect((await rowOf(id)).error).toMatch(/timeout/i);
    silent = false;
    await dueNow(id);
    await until(id, 'sent', 2);
    expect(mails).toHaveLength(1);
  });

  it('is sent once by several processes that look at the same moment', async () => {
    const { url, mails } = await listen();
    const emails = await Promise.all(Array.from({ length: 40 }, () => queueEmail()));
    const other = kind === 'postgres' ? await Database.connect(database.url) : db;
    await Promise.all([work(url), work(url, { on: other }), work(url, { on: other })]);
    for (const { id } of emails) await until(id, 'sent');
    expect(new Set(mails.map(({ mail }) => mail.messageId)).size).toBe(40);
    expect(mails).toHaveLength(40);
    for (const stop of running.splice(0)) await stop();
    if (other !== db) await other.close();
  });

  it('is taken over when the lease of a dead process ran out, and is the same e-mail', async () => {
    const { url, mails } = await listen();
    const { id } = await queueEmail();
    const dead = new OutgoingEmails(db, configOf(url));
    const [claimed] = await dead.claim(1);
    await work(url);
    expect(await rowOf(id)).toMatchObject({ state: 'sending', attempts: 1 });
    await db.query(`UPDATE notifications.emails SET lease_until = now() WHERE id = $1`, [id]);
    await until(id, 'sent', 2);
    expect(mails).toHaveLength(1);
    // Should the dead one have been asleep: what it says now changes nothing.
    await dead.failed(claimed!, 'late', 1);
    expect((await rowOf(id)).state).toBe('sent');
  });

  it('is not sent when what it tells was read before', async () => {
    const { url, mails } = await listen();
    await work(url);
    const [read, unread] = [
      await queueEmail({ onlyIfUnread: true, read: true }),
      await queueEmail({ onlyIfUnread: true }),
    ];
    await until(unread.id, 'sent');
    await until(read.id, 'cancelled', 0);
    expect(mails).toHaveLength(1);
  });

  it('is handed over and recorded when the process is told to end meanwhile', async () => {
    const arrived = Promise.withResolvers<void>();
    const accept = Promise.withResolvers<undefined>();
    const { url } = await listen({
      onMail: () => {
        arrived.resolve();
        return accept.promise;
      },
    });
    const { stop } = await work(url);
    const { id } = await queueEmail();
    await arrived.promise;
    const stopped = stop();
    const { id: later } = await queueEmail();
    accept.resolve(undefined);
    await stopped;
    expect(await rowOf(id)).toMatchObject({ state: 'sent' });
    expect(await rowOf(later)).toMatchObject({ state: 'queued', attempts: 0 });
  });

  it('is no more a minute than allowed', async () => {
    const { url, mails } = await listen();
    const emails = await Promise.all(Array.from({ length: 5 }, () => queueEmail()));
    const { queue } = await work(url, { env: { NOTIFICATIONS_EMAILS_PER_MINUTE: '3' } });
    await vi.waitFor(() => expect(mails).toHaveLength(3), 10_000);
    expect(await queue.claim(10)).toEqual([]);
    await db.query(`UPDATE notifications.emails SET started_at = started_at - interval '1 minute'`);
    for (const { id } of emails) await until(id, 'sent');
  });
});
