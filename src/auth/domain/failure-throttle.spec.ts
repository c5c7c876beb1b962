import { Clock } from '@app/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { FailureThrottle } from './failure-throttle.js';
import { SignInThrottle } from './sign-in-throttle.js';

class TestClock extends Clock {
  private at = 1_000_000;
  now(): Date {
    return new Date(this.at);
  }
  pass(ms: number): void {
    this.at += ms;
  }
}

let clock: TestClock;
beforeEach(() => {
  clock = new TestClock();
});
const refusal = (work: () => void): number | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ kind: 'rate-limited', code: 'auth.too-many-failures' });
    return (error as { details: { retryAfterSeconds: number } }).details.retryAfterSeconds;
  }
};

describe('a throttle of failures', () => {
  const limits = { free: 3, baseMs: 1000, maxMs: 4000, forgetMs: 60_000 };
  let throttle: FailureThrottle;
  beforeEach(() => {
    throttle = new FailureThrottle(clock, limits);
  });
  const attempt = (key = 'a') => refusal(() => throttle.attempt(key));

  it('lets a few pass, then makes each wait twice as long up to a limit', () => {
    expect([attempt(), attempt(), attempt(), attempt()]).toEqual([undefined, undefined, undefined, 1]);
    for (const seconds of [2, 4, 4]) {
      clock.pass(4000);
      expect(attempt()).toBeUndefined();
      expect(attempt()).toBe(seconds);
    }
  });

  it('counts each key by itself', () => {
    for (let i = 0; i < 3; i++) attempt('a');
    expect(attempt('a')).toBe(1);
    expect(attempt('b')).toBeUndefined();
  });

  it('forgets after success, and after a while', () => {
    for (let i = 0; i < 2; i++) attempt();
    throttle.forget('a');
    expect([attempt(), attempt(), attempt(), attempt()]).toEqual([undefined, undefined, undefined, 1]);
    clock.pass(60_001);
    expect([attempt(), attempt(), attempt()]).toEqual([undefined, undefined, undefined]);
  });

  it('takes back one attempt alone', () => {
    for (let i = 0; i < 10; i++) {
      expect(attempt()).toBeUndefined();
      throttle.takeBack('a');
    }
    for (let i = 0; i < 3; i++) attempt();
    expect(attempt()).toBe(1);
  });
});

describe('the throttle of sign-ins', () => {
  it('slows an address that tries many accounts, and an account that is tried from many addresses', () => {
    const throttle = new SignInThrottle(clock);
    for (let i = 0; i < 50; i++) throttle.attempt(`p${i}@x.org`, '203.0.113.1');
    expect(refusal(() => throttle.attempt('p51@x.org', '203.0.113.1'))).toBe(5);
    for (let i = 0; i < 50; i++) throttle.attempt('ada@x.org', `203.0.114.${i}`);
    expect(refusal(() => throttle.attempt('ada@x.org', '203.0.115.1'))).toBe(1);
  });

  it('never slows a person who knows the password', () => {
    const throttle = new SignInThrottle(clock);
    for (let i = 0; i < 200; i++) {
      throttle.attempt('ada@x.org', '203.0.113.1');
      throttle.succeeded('ada@x.org', '203.0.113.1');
    }
  });
});
