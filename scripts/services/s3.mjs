import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goTool } from '../lib/go-tool.mjs';
import { atVariable } from '../lib/provided.mjs';
import { succeeds } from '../lib/run.mjs';
import { freePort, listens, throwAway } from '../lib/throw-away.mjs';

const access = { user: 'parley', password: 'parley-test-secret' };

/**
 * An S3 server in which the tests make buckets of their own: Versity's gateway over a folder, a real server that checks
 * signatures, checksums and ranges. Debian has none; Go builds this one in a minute or two, once.
 * @type {import('../services.mjs').Service}
 */
export const s3 = {
  name: 'S3',
  without: 'models in object storage (the suites run on a folder alone)',
  packages: [],
  atAddress: () => atVariable('TEST_S3_URL', 80),
  async installed() {
    const program = await versitygw();
    if (!program) return null;
    const folder = mkdtempSync(join(tmpdir(), 'parley-s3-'));
    // Not every temporary folder can hold extended attributes: a folder beside the buckets holds what they would.
    for (const name of ['buckets', 'attributes']) mkdirSync(join(folder, name));
    const port = await freePort();
    const at = ['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive'];
    const args = [...at, 'posix', '--sidecar', join(folder, 'attributes'), join(folder, 'buckets')];
    const env = { PATH: process.env.PATH, ROOT_ACCESS_KEY: access.user, ROOT_SECRET_KEY: access.password };
    const ready = () => listens('127.0.0.1', port);
    const stop = await throwAway({ name: 'S3 server', folder, command: program, args, options: { env }, ready });
    const url = `http://${access.user}:${access.password}@127.0.0.1:${port}`;
    return stop && { env: { TEST_S3_URL: url }, how: `a throw-away Versity gateway on port ${port}`, stop };
  },
};

async function versitygw() {
  if (await succeeds('versitygw', ['--version'])) return 'versitygw';
  return goTool({ name: 'versitygw', source: 'github.com/versity/versitygw/cmd/versitygw', version: 'v1.8.0' });
}
