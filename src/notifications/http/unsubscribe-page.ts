import { topicNames, type Unsubscription } from '../contracts/index.js';

const shell = (title: string, body: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>${title} · Parley</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; box-sizing: border-box;
  background: light-dark(#faf8f4, #1a1b1b); color: light-dark(#24241f, #e9e7e2); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 27rem }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 .75rem }
a { color: light-dark(#1d6a66, #7ecac1) }
button { padding: .6rem 1.2rem; border: 0; border-radius: 11px; background: light-dark(#1d6a66, #7ecac1);
  color: light-dark(#fff, #0d2322); font: inherit; font-weight: 500; cursor: pointer }
</style>
</head>
<body><main>
<h1>${title}</h1>
${body}
</main></body>
</html>
`;

const choose = '<p><a href="/account">Choose what you get</a></p>';

export const questionPage = ({ topic, address, email }: Unsubscription): string =>
  email
    ? shell(
        'No more of these e-mails?',
        `<p>${escape(address)} gets e-mails about ${topicNames[topic]}.</p>
<form method="post"><button>Stop these e-mails</button></form>
${choose}`,
      )
    : donePage({ topic, address, email });

export const donePage = ({ topic, address }: Unsubscription): string =>
  shell('Done', `<p>${escape(address)} gets no e-mails about ${topicNames[topic]}.</p>\n${choose}`);

export const wrongLinkPage = (message: string): string =>
  shell('This link does not work', `<p>${escape(message)}</p>\n${choose}`);

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
