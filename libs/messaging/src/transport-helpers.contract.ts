import { newId } from '@app/kernel';
import { expect } from 'vitest';
import type { Envelope } from './message.js';
import type { Subscription } from './transport.js';

export const envelopeOf = (type: string, data: unknown, more: Partial<Envelope> = {}): Envelope => ({
  id: newId(),
  type,
  source: 'test',
  time: new Date().toISOString(),
  correlationid: newId(),
  ...more,
  data,
});

/** Waits for what must become true; fails after some seconds. */
export const eventually = (condition: () => boolean | Promise<boolean>): Promise<void> =>
  expect.poll(condition, { timeout: 20_000, interval: 5 }).toBe(true);

export const subscriptionOf = (queue: string, types: string[], more: Partial<Subscription> = {}): Subscription => ({
  queue,
  types,
  concurrency: 1,
  attempts: 3,
  backoff: { baseMs: 2, maxMs: 10 },
  ...more,
});
