import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { atVariable, inCompose } from '../lib/provided.mjs';
import { run, succeeds } from '../lib/run.mjs';
import { say } from '../lib/say.mjs';
import { freePort, throwAway, unprivileged } from '../lib/throw-away.mjs';

/** A server in which the tests make databases of their own. @type {import('../services.mjs').Service} */
export const postgres = {
  name: 'PostgreSQL',
  without: 'the database and messaging suites on a PostgreSQL server (they run on the embedded database alone)',
  packages: ['postgresql'],
  atAddress: () => atVariable('TEST_POSTGRES_URL', 5432),
  inCompose: (compose) => inCompose(compose, 'postgres', 5432, envAt),
  async installed() {
    const bin = binFolder();
    return bin ? throwAwayCluster(bin) : null;
  },
};

const envAt = (port) => ({ TEST_POSTGRES_URL: `postgres://parley@127.0.0.1:${port}/postgres` });

/** The newest installed version; Debian keeps these programs off the PATH. */
function binFolder() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => `${debian}/${version}/bin`),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

async function throwAwayCluster(bin) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-postgres-'));
  const user = await unprivileged('postgres');
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const options = { ...user, cwd: folder };

  const data = join(folder, 'data');
  const initdb = ['-D', data, '-U', 'parley', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  const made = await run(join(bin, 'initdb'), initdb, { ...options, quiet: true });
  if (made.code !== 0) {
    say(`initdb failed: ${made.output.trim()}`);
    rmSync(folder, { recursive: true, force: true });
    return null;
  }

  const port = await freePort();
  const settings = ['fsync=off', 'full_page_writes=off', 'max_connections=400', 'listen_addresses=127.0.0.1'];
  const args = ['-D', data, '-k', folder, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const ready = () => succeeds(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port), '-q']);
  const command = join(bin, 'postgres');
  const stop = await throwAway({ name: 'PostgreSQL cluster', folder, command, args, options, ready, signal: 'QUIT' });
  return stop && { env: envAt(port), how: `a throw-away cluster on port ${port}`, stop };
}
