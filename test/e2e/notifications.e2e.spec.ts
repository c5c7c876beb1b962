/// <reference lib="dom" />
import { type MailServer, type ReceivedMail, startMailServer } from '@app/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmailView, NotificationView } from '../../src/notifications/contracts/index.js';
import { expectAccessible } from '../support/accessibility.js';
import { chromiumPath, type OpenBrowser, openBrowser } from '../support/browser.js';
import { Client } from '../support/client.js';
import { meddle } from '../support/database.js';
import { admin, type Parley } from '../support/parley.js';
import { signIn } from '../support/sign-in.js';
import { prepareDataDir, startTiny, until } from '../support/tiny-server.js';

const mailEnv = (server: MailServer) => ({
  SMTP_URL: server.url,
  SMTP_FROM: 'Parley <parley@chat.example.org>',
  // Nobody's: links are followed on the server's own address.
  PUBLIC_URL: 'https://chat.example.org',
  NOTIFICATIONS_EMAIL_GRACE_SECONDS: '2',
});

/** Signs in as a person, which keys of programs are not. */
async function clientOf(url: string, account: { email: string; password: string }): Promise<Client> {
  const response = await fetch(`${url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  });
  const { accessToken } = (await response.json()) as { accessToken: string };
  return new Client(url, accessToken);
}

const about = (mails: readonly ReceivedMail[], subject: string) =>
  mails.filter(({ mail }) => mail.subject?.includes(subject));

describe.skipIf(!chromiumPath)('notifications', () => {
  let mails: MailServer;
  let parley: Parley;
  let client: Client;
  const browsers: OpenBrowser[] = [];
  let page: Page;

  const open = async () => {
    const browser = await openBrowser({ viewport: { width: 1280, height: 800 } });
    browsers.push(browser);
    const opened = await browser.context.newPage();
    await opened.goto(parley.url);
    await opened.getByLabel('Email').waitFor();
    return opened;
  };
  const bell = () => page.getByRole('button', { name: /^Notifications/ });
  const panel = () => page.getByRole('dialog', { name: /^Notifications/ });
  const badge = (count: number) => page.getByRole('button', { name: `Notifications, ${count} unread` }).waitFor();
  const noBadge = () => page.getByRole('button', { name: 'Notifications', exact: true }).waitFor();
  const noViolations = () => expectAccessible(page);

  let person: Client | undefined;
  const signedIn = async () => (person ??= await clientOf(parley.url, admin));

  async function ask(text: string) {
    const { id } = await client.start();
    await client.send(id, { text });
    return until(async () => {
      const conversation = await client.conversation(id);
      return conversation.messages.every(({ status }) => status !== 'pending') && conversation;
    });
  }

  beforeAll(async () => {
    mails = await startMailServer();
    ({ parley, client } = await startTiny({ env: mailEnv(mails) }));
    page = await open();
  });
  afterAll(async () => {
    for (const browser of browsers) await browser.close();
    await parley?.dispose();
    await mails?.close();
  });

  it('tell of the sign-in, in the page and by one e-mail', async () => {
    await signIn(page);
    await bell().waitFor();
    await page.getByRole('button', { name: /^Notifications, \d+ unread$/ }).waitFor();
    await bell().click();
    await panel().getByText('New sign-in to your account').waitFor();
    await panel()
      .getByText(/Chrome on Linux, from the address 127\.0\.0\.1/)
      .waitFor();
    await until(async () => about(mails.mails, 'New sign-in').length === 1);
    expect(mails.mails[0]!.mail.text).toContain('Chrome on Linux');
  });

  it('are read all at once', async () => {
    await panel().getByRole('button', { name: 'Mark all as read' }).click();
    await page.keyboard.press('Escape');
    await noBadge();
  });

  it('come live, with the count, when somebody else signs up', async () => {
    const other = await open();
    await other.getByRole('button', { name: 'Make an account' }).click();
    await other.getByLabel('Email').fill('second@example.org');
    await other.getByLabel('Password').first().fill('a password of mine');
    await other.getByRole('button', { name: 'Create account' }).click();
    await badge(1);
    // Nobody is told of their own account.
    await other.getByRole('button', { name: 'Notifications', exact: true }).waitFor();
  });

  it('have no accessibility violation, dark, light or on a phone, and work by keyboard', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await bell().focus();
      await page.keyboard.press('Enter');
      await panel().getByText('second@example.org can chat now.').waitFor();
      await noViolations();
      await page.keyboard.press('Escape');
      await panel().waitFor({ state: 'hidden' });
      expect(await bell().evaluate((button) => button === document.activeElement)).toBe(true);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await bell().click();
    await panel().getByText('second@example.org can chat now.').waitFor();
    await noViolations();
    const box = (await panel().boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(390);
    expect(box.y + box.height).toBeLessThanOrEqual(844);
    await panel()
      .getByRole('button', { name: /^Mark “New account” as read/ })
      .click();
    await page.keyboard.press('Escape');
    await noBadge();
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('tell of an answer that ended elsewhere, once, and lead to it', async () => {
    const { id, title } = await ask('Tell me of lighthouses');
    await badge(1);
    await bell().click();
    await panel()
      .getByRole('link', { name: /Your answer is ready/ })
      .click();
    await page.waitForURL(`${parley.url}/c/${id}`);
    await noBadge();
    const { items } = await (await signedIn()).get<{ items: NotificationView[] }>('/api/notifications?limit=100');
    expect(items.filter(({ conversationId }) => conversationId === id)).toMatchObject([
      { kind: 'answer-finished', text: title, readAt: expect.any(String) as string },
    ]);
    // That was another sign-in.
    await badge(1);
    const asked = Promise.withResolvers<void>();
    await page.route('**/api/notifications?*', (route) => asked.promise.then(() => route.fallback()));
    await bell().click();
    const readAll = panel().getByRole('button', { name: 'Mark all as read' });
    // The list that is known from before lacks it, and would leave it unread.
    expect(await readAll.isDisabled()).toBe(true);
    asked.resolve();
    await readAll.click();
    await page.keyboard.press('Escape');
    await noBadge();
    await page.unroute('**/api/notifications?*');
  });

  it('do not blink for an answer that the reader watches', async () => {
    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { badges: seen });
      new MutationObserver(() => {
        const text = document.querySelector('.bell-count')?.textContent;
        if (text) seen.push(text);
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    await page.getByRole('textbox', { name: 'Message' }).fill('And of their keepers?');
    await page.getByRole('button', { name: 'Send' }).click();
    await expect.poll(() => page.getByRole('article', { name: 'Assistant' }).count()).toBe(2);
    const own = await signedIn();
    const id = new URL(page.url()).pathname.split('/')[2];
    const read = await until(async () => {
      const { items } = await own.get<{ items: NotificationView[] }>('/api/notifications?limit=100');
      const found = items.filter(({ conversationId, readAt }) => conversationId === id && readAt);
      return found.length === 2 && found;
    });
    expect(read).toHaveLength(2);
    expect(await page.evaluate(() => (window as unknown as { badges: string[] }).badges)).toEqual([]);
  });

  it('send an e-mail about an answer to whoever wants one, if it stays unread', async () => {
    await page.goto(`${parley.url}/account`);
    const answers = page.getByRole('group', { name: 'Answers' });
    const saved = page.waitForResponse((response) => response.request().method() === 'PUT');
    // Not `check`, which looks before the page has drawn what was clicked.
    await answers.getByRole('checkbox', { name: 'E-mail' }).click();
    await saved;
    await page.reload();
    await expect.poll(() => answers.getByRole('checkbox', { name: 'E-mail' }).isChecked()).toBe(true);
    await noViolations();
    const { id } = await ask('Why is the sea salty?');
    const [received] = await until(async () => {
      const found = about(mails.mails, 'Your answer is ready');
      return found.length > 0 && found;
    });
    expect(received!.to).toEqual([admin.email]);
    expect(received!.mail.text).toContain(`https://chat.example.org/c/${id}`);
    expect(received!.mail.html).toContain('Why is the sea salty?');
    expect(about(mails.mails, 'Your answer is ready')).toHaveLength(1);
  });

  it('stop by the link of an e-mail: looking at it changes nothing, the button and the form do', async () => {
    const { mail } = about(mails.mails, 'Your answer is ready')[0]!;
    const header = mail.headers.find(({ key }) => key === 'list-unsubscribe')!.value;
    const link = header.slice(1, -1).replace('https://chat.example.org', parley.url);
    const emailOf = async (topic: string) => {
      const { items } = await (
        await signedIn()
      ).get<{ items: { topic: string; email: boolean }[] }>('/api/notifications/preferences');
      return items.find((item) => item.topic === topic)?.email;
    };
    const forged = await fetch(link.replace('.answers.', '.security.'), { method: 'POST' });
    expect(forged.status).toBe(404);
    await page.goto(link);
    await page.getByRole('heading', { name: 'No more of these e-mails?' }).waitFor();
    await noViolations();
    expect(await emailOf('answers')).toBe(true);
    await page.getByRole('button', { name: 'Stop these e-mails' }).click();
    await page.getByRole('heading', { name: 'Done' }).waitFor();
    expect(await emailOf('answers')).toBe(false);
    for (const body of [new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }), new FormData()]) {
      const response = await fetch(link, { method: 'POST', body });
      expect(response.status).toBe(200);
    }
    expect(await emailOf('security')).toBe(true);
  });
});

describe('an e-mail whose process is killed right after the mail server took it', () => {
  it('is handed over again as the same e-mail, and is one for whoever looks at its id', async () => {
    const killed = Promise.withResolvers<void>();
    let parley: Parley | undefined;
    const mails = await startMailServer({
      onMail: async () => {
        // The mail server has it and says yes to a process that is no more.
        if (mails.mails.length > 0) return undefined;
        await parley?.kill('SIGKILL');
        killed.resolve();
        return undefined;
      },
    });
    const dataDir = await prepareDataDir();
    ({ parley } = await startTiny({ dataDir, env: mailEnv(mails) }));
    const leaving = clientOf(parley.url, admin).catch(() => undefined); // The answer may be lost with the process.
    await killed.promise;
    await leaving;
    // Its lease has to run out first: half a minute, which the clock of the database is told to be over.
    const leases = await meddle(dataDir, (db) =>
      db.query<{ attempts: number; held: boolean }>(
        `WITH before AS (SELECT id, lease_until > now() AS held FROM notifications.emails)
         UPDATE notifications.emails e SET lease_until = now() FROM before WHERE before.id = e.id AND e.state = 'sending'
         RETURNING e.attempts, before.held`,
      ),
    );
    expect(leases).toEqual([{ attempts: 1, held: true }]);
    ({ parley } = await startTiny({ dataDir, env: mailEnv(mails) }));
    await until(async () => mails.mails.length === 2, 1_200);
    const [first, second] = mails.mails;
    expect(second!.mail.messageId).toBe(first!.mail.messageId);
    expect(second!.source).toBe(first!.source);
    const person = await clientOf(parley.url, admin);
    const { items } = await until(async () => {
      const emails = await person.get<{ items: EmailView[] }>('/api/notifications/emails?state=sent');
      return emails.items.length === 2 && emails;
    });
    // One of each sign-in: the second is that of this look.
    expect(items.map(({ attempts }) => attempts)).toEqual([1, 2]);
    expect(mails.mails).toHaveLength(3);
    await parley.dispose();
    await mails.close();
  });
});
