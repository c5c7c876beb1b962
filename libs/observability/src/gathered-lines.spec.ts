import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatheredLines } from './gathered-lines.js';

describe('lines that come closely together', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function open() {
    const writes: string[] = [];
    const lines = new GatheredLines({ write: (text) => void writes.push(text) });
    const log = pino({ base: null, timestamp: false, formatters: { level: () => ({}) } }, lines);
    const messages = () => writes.map((text) => Array.from(text.matchAll(/"msg":"(\w+)"/g), ([, msg]) => msg));
    return { log, lines, messages };
  }

  it('are written together, but for the first one', () => {
    const { log, messages } = open();
    for (const word of ['one', 'two', 'three']) log.info(word);
    expect(messages()).toEqual([['one']]);
    vi.advanceTimersByTime(25);
    expect(messages()).toEqual([['one'], ['two', 'three']]);
  });

  it('are gathered for as long as they come, and written at once after a while without one', () => {
    const { log, messages } = open();
    log.info('one');
    log.info('two');
    vi.advanceTimersByTime(25);
    log.info('three');
    vi.advanceTimersByTime(25);
    vi.advanceTimersByTime(25);
    log.info('four');
    expect(messages()).toEqual([['one'], ['two'], ['three'], ['four']]);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(25);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are written with an error at once', () => {
    const { log, messages } = open();
    log.info('one');
    log.info('two');
    log.error('three');
    expect(messages()).toEqual([['one'], ['two', 'three']]);
  });

  it('are not held back when they are many', () => {
    const { log, messages } = open();
    log.info('one');
    for (let n = 0; n < 10; n++) log.info({ text: 'x'.repeat(8_000) }, 'more');
    expect(messages().length).toBeGreaterThan(1);
  });

  it('are written when the process ends', () => {
    const { log, lines, messages } = open();
    log.info('one');
    log.info('two');
    lines.flush();
    expect(messages()).toEqual([['one'], ['two']]);
  });
});
