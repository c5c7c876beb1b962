import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AfterStart } from './after-start.js';

describe('what is done after a start', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  const started = () => {
    const afterStart = new AfterStart();
    const done: string[] = [];
    const add = (what: string, work = async () => {}) =>
      afterStart.add(what, async () => {
        await work();
        done.push(what);
      });
    return { afterStart, add, done };
  };

  it('waits until the first requests are answered, and is done in order', async () => {
    const { afterStart, add, done } = started();
    add('one', () => new Promise((resolve) => void setTimeout(resolve, 100)));
    add('two');
    afterStart.onApplicationBootstrap();
    await vi.advanceTimersByTimeAsync(900);
    expect(done).toEqual([]);
    await vi.advanceTimersByTimeAsync(300);
    expect(done).toEqual(['one', 'two']);
  });

  it('is done at once when it comes later', async () => {
    const { afterStart, add, done } = started();
    afterStart.onApplicationBootstrap();
    await vi.advanceTimersByTimeAsync(1_000);
    add('late');
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toEqual(['late']);
  });

  it('says what failed, and goes on', async () => {
    const said = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const { afterStart, add, done } = started();
    add('fail', () => Promise.reject(new Error('no')));
    add('go on');
    await afterStart.now();
    expect(said).toHaveBeenCalledWith(expect.objectContaining({ msg: 'Could not fail' }));
    expect(done).toEqual(['go on']);
  });

  it('is left to the next start when the process ends before, but for what was begun', async () => {
    const { afterStart, add, done } = started();
    const begun = Promise.withResolvers<void>();
    add('begun', () => begun.promise);
    add('never');
    void afterStart.now();
    await vi.advanceTimersByTimeAsync(0);
    const ended = afterStart.beforeApplicationShutdown();
    begun.resolve();
    await ended;
    expect(done).toEqual(['begun']);
  });
});
