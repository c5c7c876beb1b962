import { EventSourceParserStream } from 'eventsource-parser/stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKey, type Parley } from '../support/parley.js';
import { startTiny, until } from '../support/tiny-server.js';
import { split } from '../support/topology.js';

let parley: Parley;
/** The model never ends by itself, so a process can be killed in the middle of so many. */
const tokens = 240;
beforeAll(async () => void ({ parley } = await startTiny({}, { kind: 'random', width: 384 })));
afterAll(() => parley?.dispose());

const body = { model: 'tiny', messages: [{ role: 'user', content: 'Tell me.' }], temperature: 0, max_tokens: tokens };
const post = (key: string | null, more: object = {}, headers: Record<string, string> = {}) =>
  fetch(`${parley.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      ...(key !== null && { 'idempotency-key': key }),
      ...headers,
    },
    body: JSON.stringify({ ...body, ...more }),
  });
interface Whole {
  id: string;
  choices: { message: { content: string } }[];
  usage: { completion_tokens: number };
}
const whole = async (key: string, more: object = {}) => (await (await post(key, more)).json()) as Whole;
interface Chunk {
  id: string;
  choices: { delta: { content?: string }; finish_reason: string | null }[];
}
interface Read {
  id: string;
  text: string;
  ids: number[];
  ended: boolean;
}
/** Reads a stream to its end, or to where it breaks off, or as long as `enough` does not hold. */
async function read(response: Response, enough: (text: string) => boolean = () => false): Promise<Read> {
  const seen: Read = { id: '', text: '', ids: [], ended: false };
  const events = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  try {
    for await (const { id, data } of events) {
      if (data === '[DONE]') return { ...seen, ended: true };
      if (id) seen.ids.push(Number(id));
      const chunk = JSON.parse(data) as Chunk;
      seen.id = chunk.id;
      seen.text += chunk.choices[0]?.delta.content ?? '';
      if (enough(seen.text)) break;
    }
  } catch {
    // The connection went with its process.
  }
  return seen;
}
const refusal = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string } };
  return `${response.status} ${error.code}`;
};

describe('a request of /v1 with an Idempotency-Key', () => {
  it('gets the same answer again, whole or streamed, without being generated twice', async () => {
    const [one, two] = await Promise.all([whole('same'), whole('same')]);
    expect(one.choices[0]!.message.content).not.toBe('');
    expect(two).toEqual(one);
    const again = await post('same', { stream: true });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const streamed = await read(again);
    expect(streamed).toMatchObject({ id: one.id, text: one.choices[0]!.message.content, ended: true });
    expect(streamed.ids).toEqual([...new Set(streamed.ids)].toSorted((a, b) => a - b));
  });

  it('goes on behind Last-Event-ID', async () => {
    const all = await read(await post('resumed', { stream: true }));
    const cut = await read(await post('resumed', { stream: true }), (text) => text.length > all.text.length / 3);
    const rest = await read(await post('resumed', { stream: true }, { 'last-event-id': String(cut.ids.at(-1)) }));
    expect(cut.text + rest.text).toBe(all.text);
    expect(await refusal(await post('resumed', { stream: true }, { 'last-event-id': 'x' }))).toBe(
      '400 inference.invalid-event-id',
    );
  });

  it('is refused for another request, and when the key is none', async () => {
    await whole('taken');
    expect(await refusal(await post('taken', { temperature: 1 }))).toBe('409 inference.idempotency-key-reused');
    expect(await refusal(await post('x'.repeat(256)))).toBe('400 inference.invalid-idempotency-key');
    expect(await refusal(await post('', {}))).toBe('400 inference.invalid-idempotency-key');
  });

  it('is answered to its end though the caller left', async () => {
    await read(await post('left', { stream: true }), (text) => text.length > 0);
    const { usage, choices } = await whole('left');
    expect(usage.completion_tokens).toBeGreaterThan(1);
    expect((await read(await post('left', { stream: true }))).text).toBe(choices[0]!.message.content);
  });

  it('survives kill -9 of whoever generates it: the rest comes without gap or repeat', async () => {
    const uninterrupted = (await whole('plain')).choices[0]!.message.content;
    const response = await post('killed', { stream: true });
    let killed: Promise<unknown> | undefined;
    const first = await read(response, (text) => {
      // In the split the reader's own process lives on, and its stream with it.
      if (text.length > 0) killed ??= parley.restart(split ? 'inference' : 'parley');
      return false;
    });
    await killed;
    let { text, ids } = first;
    for (let tries = 0; !first.ended && tries < 50 && text.length < uninterrupted.length; tries++) {
      const last = ids.at(-1);
      const next = await until(async () => {
        const headers: Record<string, string> = last === undefined ? {} : { 'last-event-id': String(last) };
        const again = await post('killed', { stream: true }, headers).catch(() => undefined);
        return again?.ok && again;
      });
      const more = await read(next);
      text += more.text;
      ids = [...ids, ...more.ids];
      if (more.ended) break;
    }
    expect(text).toBe(uninterrupted);
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
    expect((await whole('killed')).choices[0]!.message.content).toBe(uninterrupted);
  });
});
