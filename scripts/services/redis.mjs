import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atVariable, inCompose } from '../lib/provided.mjs';
import { succeeds } from '../lib/run.mjs';
import { freePort, listens, throwAway } from '../lib/throw-away.mjs';

/** A server in which the tests use keys of their own; it keeps nothing. @type {import('../services.mjs').Service} */
export const redis = {
  name: 'Redis',
  without: 'the cache and rate limit suites on a Redis server (they run in memory alone)',
  packages: ['redis-server'],
  atAddress: () => atVariable('TEST_REDIS_URL', 6379),
  inCompose: (compose) => inCompose(compose, 'redis', 6379, envAt),
  async installed() {
    if (!(await succeeds('redis-server', ['--version']))) return null;
    const folder = mkdtempSync(join(tmpdir(), 'parley-redis-'));
    const port = await freePort();
    const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '', '--appendonly', 'no'];
    const ready = () => listens('127.0.0.1', port);
    const stop = await throwAway({ name: 'Redis server', folder, command: 'redis-server', args, ready });
    return stop && { env: envAt(port), how: `a throw-away server on port ${port}`, stop };
  },
};

const envAt = (port) => ({ TEST_REDIS_URL: `redis://127.0.0.1:${port}` });
