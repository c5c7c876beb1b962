import { describe, expect, it } from 'vitest';
import { type EmailContent, htmlOf, subjectOf, textOf } from './email.js';

const email: EmailContent = {
  name: '<b>Eve</b>',
  title: 'Your answer is ready',
  text: '"><img src=x onerror=alert(1)> & more',
  topic: 'answers',
  link: 'https://chat.example.org/c/1',
  settingsLink: 'https://chat.example.org/account',
  unsubscribeLink: 'https://chat.example.org/api/notifications/unsubscribe?token=a&b="c',
};

describe('an e-mail', () => {
  it('shows markup of people and models as text', () => {
    const html = htmlOf(email);
    expect(html).toContain('&lt;b&gt;Eve&lt;/b&gt;');
    expect(html).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt; &amp; more');
    expect(html).not.toMatch(/<img|<b>|<script/);
    expect(html).toContain('token=a&amp;b=&quot;c"');
  });

  it('fetches nothing', () => {
    expect(htmlOf(email)).not.toMatch(/src=["']|url\(|<link|@import/);
  });

  it('says the same in its text part, with the links', () => {
    const text = textOf(email);
    for (const part of [email.title, email.text, email.link, email.settingsLink, email.unsubscribeLink]) {
      expect(text).toContain(part);
    }
  });

  it('has a subject of one short line', () => {
    const subject = subjectOf({ ...email, text: `a\r\nBcc: eve@example.org ${'x'.repeat(300)}` });
    expect(subject).toMatch(/^Your answer is ready: a Bcc: eve@example\.org x+…$/);
    expect([...subject]).toHaveLength(120);
    expect(subjectOf({ ...email, topic: 'security' })).toBe(email.title);
  });
});
