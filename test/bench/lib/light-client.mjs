// As little as possible around node:http: what the client costs would make two servers look more alike than they are.
import { Agent, request } from 'node:http';
import { apiKey } from './bench.mjs';

const agent = new Agent({ keepAlive: true });

/** The whole body as text. `told` gets each piece of it as it comes; `accept` is what kind of answer is wanted. */
export function ask(url, method, path, body, told = () => undefined, accept = '*/*') {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${apiKey}`,
      accept,
      ...(body && { 'content-type': 'application/json' }),
    };
    const asked = request(url + path, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        text += piece;
        told(piece);
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}
