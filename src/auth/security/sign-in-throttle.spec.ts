import { MemoryThrottle } from '@app/cache';
import { describe, expect, it } from 'vitest';
import { SignInThrottle } from './sign-in-throttle.js';

const refusal = async (work: Promise<void>): Promise<number | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ kind: 'rate-limited', code: 'auth.too-many-failures' });
    return (error as { details: { retryAfterSeconds: number } }).details.retryAfterSeconds;
  }
};

describe('the throttle of sign-ins', () => {
  it('slows an address that tries many accounts, and an account that is tried from many addresses', async () => {
    const throttle = new SignInThrottle(new MemoryThrottle());
    for (let i = 0; i < 50; i++) await throttle.attempt(`p${i}@x.org`, '203.0.113.1');
    expect(await refusal(throttle.attempt('p51@x.org', '203.0.113.1'))).toBe(5);
    for (let i = 0; i < 50; i++) await throttle.attempt('ada@x.org', `203.0.114.${i}`);
    expect(await refusal(throttle.attempt('ada@x.org', '203.0.115.1'))).toBe(1);
  });

  it('never slows a person who knows the password', async () => {
    const throttle = new SignInThrottle(new MemoryThrottle());
    for (let i = 0; i < 200; i++) {
      await throttle.attempt('ada@x.org', '203.0.113.1');
      await throttle.succeeded('ada@x.org', '203.0.113.1');
    }
  });
});
