import { describe, expect, it } from 'vitest';
import { HealthChecks } from './health-checks.js';

const works = () => Promise.resolve();
const fails = () => Promise.reject(new Error('gone'));

describe('the health of a process', () => {
  it('is good when every part works', async () => {
    const health = new HealthChecks();
    health.add('database', works);
    health.add('cache', works, { required: false });
    expect(await health.run()).toEqual({ ready: true, checks: { database: 'up', cache: 'up' } });
  });

  it('is bad when a part that it needs is down, and names it', async () => {
    const health = new HealthChecks();
    health.add('database', fails);
    health.add('transport', works);
    expect(await health.run()).toEqual({ ready: false, checks: { database: 'down', transport: 'up' } });
  });

  it('is degraded, and good enough, without a part that it can do without', async () => {
    const health = new HealthChecks();
    health.add('database', works);
    health.add('cache', fails, { required: false });
    expect(await health.run()).toEqual({ ready: true, checks: { database: 'up', cache: 'degraded' } });
  });
});
