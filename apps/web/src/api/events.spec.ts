import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, emptyAnswer, type AnswerState } from '../chat/answer.js';
import { follow, type OpenStream } from './events.js';
import { Problem } from './problem.js';

interface Logged {
  id: number;
  event: string;
  data: object;
}

const token = (id: number, text: string): Logged => ({ id, event: 'token', data: { text } });
const done = (id: number): Logged => ({ id, event: 'done', data: { status: 'complete', error: null, metadata: null } });
const wire = ({ id, event, data }: Logged) => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

const PRELUDE = 'event: status\ndata: {"phase":"generating"}\n\n: beat\n\n';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A body that comes in pieces of that size and then ends or breaks. */
function body(content: Uint8Array, piece: number, breaks: boolean): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < content.length) controller.enqueue(content.slice(at, (at += piece)));
      else if (breaks) controller.error(new TypeError('network error'));
      else controller.close();
    },
  });
}

/** Each connection serves what is after the reader's last id, and is cut after so many bytes; the last one is whole. */
function server(
  log: readonly Logged[],
  cuts: { after: number; piece: number; breaks: boolean }[],
  repeat = 0,
): OpenStream {
  let connection = 0;
  return async (lastEventId) => {
    const last = Number(lastEventId ?? 0);
    const rest = log.filter((event) => event.id > last - repeat);
    const content = bytes(PRELUDE + rest.map(wire).join(''));
    const cut = cuts[connection++];
    return new Response(cut ? body(content.slice(0, cut.after), cut.piece, cut.breaks) : body(content, 7, false));
  };
}

async function read(open: OpenStream): Promise<AnswerState> {
  let state = emptyAnswer;
  await follow({
    open,
    signal: new AbortController().signal,
    wait: async () => undefined,
    onEvent: (event) => {
      state = advance(state, event);
      return state.done !== null;
    },
  });
  return state;
}

describe('follow', () => {
  it('gives the same text for any cuts of the connection, wherever they fall', async () => {
    const cut = fc.record({
      after: fc.nat({ max: 900 }),
      piece: fc.integer({ min: 1, max: 90 }),
      breaks: fc.boolean(),
    });
    const words = fc.array(fc.oneof(fc.string({ maxLength: 8 }), fc.constant('é🙂\n\ndata: no')), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(words, fc.array(cut, { maxLength: 8 }), fc.nat({ max: 3 }), async (texts, cuts, repeat) => {
        const log = [...texts.map((text, index) => token(index + 1, text)), done(texts.length + 1)];
        const state = await read(server(log, cuts, repeat));
        expect(state.text).toBe(texts.join(''));
        expect(state.done?.status).toBe('complete');
      }),
      { numRuns: 200 },
    );
  });

  it('throws away the text before a restart, also when the cut comes right after it', async () => {
    const log = [token(1, 'old '), { id: 2, event: 'restart', data: { reason: 'upstream' } }, token(3, 'new'), done(4)];
    const untilRestart = bytes(PRELUDE + log.slice(0, 2).map(wire).join('')).length;
    const state = await read(server(log, [{ after: untilRestart, piece: 10, breaks: true }]));
    expect(state.text).toBe('new');
  });

  it('asks for what comes after the last event that was handled', async () => {
    const asked: (string | null)[] = [];
    const insideSecond = bytes(PRELUDE + wire(token(1, 'a'))).length + 20;
    const log = [token(1, 'a'), token(2, 'b'), done(3)];
    const open = server(log, [{ after: insideSecond, piece: 500, breaks: true }]);
    await read((last, signal) => {
      asked.push(last);
      return open(last, signal);
    });
    expect(asked).toEqual([null, '1']);
  });

  it('tries again when the server does not answer or is being restarted', async () => {
    let attempts = 0;
    const open = server([token(1, 'a'), done(2)], []);
    const state = await read(async (last, signal) => {
      attempts += 1;
      if (attempts === 1) throw new Problem(0, 'network.unreachable', 'unreachable');
      if (attempts === 2) throw new Problem(503, 'http.503', 'starting');
      return open(last, signal);
    });
    expect([attempts, state.text]).toEqual([3, 'a']);
  });

  it('gives up with the refusal when the server says no', async () => {
    const refused = read(async () => {
      throw new Problem(404, 'chat.message-not-found', 'No such message.');
    });
    await expect(refused).rejects.toMatchObject({ code: 'chat.message-not-found' });
  });

  it('ends quietly when the reader leaves', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    await follow({
      open: server([token(1, 'a'), token(2, 'b'), done(3)], []),
      signal: controller.signal,
      onEvent: ({ event }) => {
        seen.push(event ?? '');
        if (event === 'token') controller.abort();
        return false;
      },
    });
    expect(seen).toEqual(['status', 'token']);
  });

  it('gives up a connection that is silent for too long and opens another', async () => {
    let connections = 0;
    const open = server([token(1, 'a'), done(2)], []);
    const silent: OpenStream = async (last, signal) => {
      connections += 1;
      if (connections > 1) return open(last, signal);
      return new Response(
        new ReadableStream({
          start: (controller) => signal.addEventListener('abort', () => controller.error(new Error('aborted'))),
        }),
      );
    };
    const texts: string[] = [];
    await follow({
      open: silent,
      signal: new AbortController().signal,
      silenceMs: 1,
      wait: async () => undefined,
      onEvent: ({ event, data }) => {
        if (event === 'token') texts.push(data);
        return event === 'done';
      },
    });
    expect([connections >= 2, texts]).toEqual([true, ['{"text":"a"}']]);
  });
});
