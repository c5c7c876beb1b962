import { newId } from '@app/kernel';
import { NetworkPath } from '@app/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { Parley } from '../support/parley.js';
import { until } from '../support/tiny-server.js';

const redis = process.env['TEST_REDIS_URL'];
const secret = 'e2e secret of the installation, shared';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Somebody with a wrong key at an address that only this test has: counted by address. */
const stranger = () => {
  const address = `10.${[0, 0, 0].map(() => Math.floor(Math.random() * 256)).join('.')}`;
  return ({ url }: Parley) =>
    answerTo(url, { authorization: `Bearer pk_wrong_${newId()}`, 'x-forwarded-for': address });
};
const answerTo = async (url: string, headers: Record<string, string>) => {
  const response = await fetch(`${url}/api/auth/me`, { headers });
  return { status: response.status, left: Number(response.headers.get('x-ratelimit-remaining')) };
};
const checks = async ({ url }: Parley) => (await fetch(`${url}/readyz`)).json();
const linesWith = ({ log }: Parley, text: string) => log.filter((line) => line.includes(text));

describe.skipIf(!redis)('two processes that share a Redis', () => {
  async function startTwo() {
    const path = await NetworkPath.to(redis!);
    ends.push(() => path.cut());
    const env = {
      REDIS_URL: path.url,
      AUTH_SECRET: secret,
      HTTP_RATE_LIMIT: '60',
      HTTP_TRUST_PROXY: 'true',
      EXPLORE_AUTO_INSTALL: 'false',
    };
    const [one, other] = await Promise.all([Parley.start({ env }), Parley.start({ env })]);
    for (const parley of [one, other]) ends.push(() => parley.dispose());
    return { path, one, other };
  }

  it('count an address together, and each for itself while Redis is away', async () => {
    const { path, one, other } = await startTwo();
    expect(await checks(one)).toMatchObject({ status: 'ok', checks: { redis: 'up' } });
    const of = stranger();
    const first = await of(one);
    expect(first).toEqual({ status: 401, left: 59 });
    expect((await of(other)).left).toBe(first.left - 1);
    expect((await of(one)).left).toBe(first.left - 2);

    path.cut();
    const alone = [];
    for (let i = 0; i < 5; i++) alone.push(await of(one));
    expect(alone.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(alone[0]!.left).toBe(59);
    expect(await checks(one)).toMatchObject({ status: 'ok', checks: { redis: 'degraded', database: 'up' } });
    // Lines of the log are gathered for a moment.
    await until(async () => linesWith(one, 'Redis does not answer').length > 0);
    expect(linesWith(one, 'Redis does not answer')).toHaveLength(1);

    await path.heal();
    await until(async () => linesWith(one, 'Redis answers again').length === 1);
    await until(async () => ((await checks(one)) as { checks: { redis: string } }).checks.redis === 'up');
    expect((await of(one)).left).toBeLessThan(first.left - 2);
    expect(linesWith(one, 'Redis does not answer')).toHaveLength(1);
  });

  it('refuse the request beyond the limit, whichever of them gets it', async () => {
    const { one, other } = await startTwo();
    const of = stranger();
    const statuses: number[] = [];
    for (let i = 0; i < 62; i++) statuses.push((await of(i % 2 ? one : other)).status);
    expect(statuses).toEqual([...Array<number>(60).fill(401), 429, 429]);
    expect((await of(one)).status).toBe(429);
    expect((await stranger()(one)).status).toBe(401);
  });
});
