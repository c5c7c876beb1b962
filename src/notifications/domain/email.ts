import { type NotificationTopic, topicNames } from '../contracts/index.js';

/** What an e-mail says, and where its links lead (whole URLs). */
export interface EmailContent {
  name: string;
  title: string;
  text: string;
  topic: NotificationTopic;
  link: string;
  settingsLink: string;
  unsubscribeLink: string;
}

const LONGEST_SUBJECT = 120;

/** One line, with the start of what it is about. */
export function subjectOf({ title, text, topic }: Pick<EmailContent, 'title' | 'text' | 'topic'>): string {
  const whole = topic === 'security' ? title : `${title}: ${text}`;
  const line = [...whole.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()];
  return line.length > LONGEST_SUBJECT ? `${line.slice(0, LONGEST_SUBJECT - 1).join('')}…` : line.join('');
}

export function textOf(email: EmailContent): string {
  return [
    `Hello ${email.name},`,
    `${email.title}\n${email.text}`,
    email.link,
    '--',
    `You get this because e-mails about ${topicNames[email.topic]} are on for your account.\n` +
      `Choose what you get: ${email.settingsLink}\nNo more of these: ${email.unsubscribeLink}\n`,
  ].join('\n\n');
}

/** Styles stand in the elements, as mail programs want it; nothing is fetched, so nobody learns that it was opened. */
export function htmlOf(email: EmailContent): string {
  const { name, title, text, topic, link, settingsLink, unsubscribeLink } = email;
  const muted = 'color:#66645b;font-size:13px;line-height:1.5';
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title></head>
<body style="margin:0;padding:24px 12px;background:#faf8f4;color:#24241f;font-family:system-ui,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<table role="presentation" align="center" cellpadding="0" cellspacing="0" style="width:100%;max-width:520px;background:#ffffff;border:1px solid #e5e0d5;border-radius:12px">
<tr><td style="padding:28px">
<p style="margin:0 0 20px;color:#1d6a66;font-size:15px;font-weight:600">Parley</p>
<p style="margin:0 0 12px;font-size:15px">Hello ${escape(name)},</p>
<h1 style="margin:0 0 8px;font-size:20px;line-height:1.3">${escape(title)}</h1>
<p style="margin:0 0 24px;font-size:15px;line-height:1.5;white-space:pre-line">${escape(text)}</p>
<p style="margin:0 0 28px"><a href="${escape(link)}" style="display:inline-block;padding:10px 18px;border-radius:10px;background:#1d6a66;color:#ffffff;font-size:15px;text-decoration:none">Open Parley</a></p>
<p style="margin:0;${muted}">You get this because e-mails about ${escape(topicNames[topic])} are on for your account.<br>
<a href="${escape(settingsLink)}" style="color:#1d6a66">Choose what you get</a> · <a href="${escape(unsubscribeLink)}" style="color:#1d6a66">No more of these</a></p>
</td></tr>
</table>
</body>
</html>
`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
