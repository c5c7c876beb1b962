import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type LogOptions, PinoLogger } from './logger.js';

function logger(options: Partial<LogOptions> = {}) {
  const text: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      text.push(chunk.toString());
      done();
    },
  });
  const log = new PinoLogger({ level: 'info', format: 'json', destination, ...options });
  return { log, text, lines: () => text.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the logger', () => {
  it('writes one JSON object a line, with level, time and Nest’s context', () => {
    const { log, lines } = logger();
    log.log('Started', 'Main');
    expect(lines()).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), pid: process.pid, context: 'Main', msg: 'Started' },
    ]);
  });

  it('writes the fields of a logged object', () => {
    const { log, lines } = logger();
    log.warn({ msg: 'Reaction failed', queue: 'q', err: new Error('why') }, 'Messaging');
    const [line] = lines();
    expect(line).toMatchObject({ level: 'warn', msg: 'Reaction failed', queue: 'q', context: 'Messaging' });
    expect(line?.['err']).toMatchObject({ message: 'why', stack: expect.stringContaining('Error: why') as string });
  });

  it('adds the ambient fields', () => {
    const { log, lines } = logger({ ambient: () => ({ correlationid: 'c1' }) });
    log.log('Hello');
    expect(lines()[0]).toMatchObject({ correlationid: 'c1' });
  });

  it('keeps secrets out', () => {
    const { log, text } = logger();
    log.log({ msg: 'Signed in', password: 'hunter2', headers: { authorization: 'Bearer hunter2' } });
    expect(text.join('')).not.toContain('hunter2');
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = logger({ level: 'warn' });
    log.log('no');
    log.debug('no');
    log.verbose('no');
    log.error('yes', 'the stack', 'Main');
    log.fatal('yes');
    expect(lines().map(({ level, stack }) => [level, stack])).toEqual([
      ['error', 'the stack'],
      ['fatal', undefined],
    ]);
  });

  it('writes for people when asked to', async () => {
    const { log, text } = logger({ format: 'pretty' });
    log.log('Started', 'Main');
    await expect.poll(() => text.join('')).toContain('Started');
    expect(() => JSON.parse(text.join('')) as unknown).toThrow();
  });
});
