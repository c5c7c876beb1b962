import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run, succeeds } from '../lib/run.mjs';
import { say } from '../lib/say.mjs';

/** A server in which the tests make databases of their own. @type {import('../services.mjs').Service} */
export const postgres = {
  name: 'PostgreSQL',
  without: 'the database and messaging suites on a PostgreSQL server (they run on the embedded database alone)',
  packages: ['postgresql'],

  async atAddress() {
    const url = process.env.TEST_POSTGRES_URL;
    if (!url) return null;
    const { hostname, port } = new URL(url);
    if (await listens(hostname, Number(port || 5432))) return { env: { TEST_POSTGRES_URL: url }, how: hostname };
    say(`TEST_POSTGRES_URL: nothing listens at ${hostname}:${port || 5432}`);
    return null;
  },

  async inCompose(compose) {
    const started = await compose(['up', '--detach', '--wait', 'postgres']);
    const stop = async () => void (await compose(['down', '--volumes', '--timeout', '2']));
    const { output } = started.code === 0 ? await compose(['port', 'postgres', '5432']) : started;
    const port = /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
    if (started.code === 0 && port) return { env: { TEST_POSTGRES_URL: urlAt(port) }, how: 'in Docker Compose', stop };
    say(`Docker Compose could not start PostgreSQL: ${output.trim().split('\n').at(-1)}`);
    await stop();
    return null;
  },

  async installed() {
    const bin = binFolder();
    return bin ? throwAwayCluster(bin) : null;
  },
};

const urlAt = (port) => `postgres://parley@127.0.0.1:${port}/postgres`;

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

/** A cluster of its own in a temporary folder: whatever runs on this machine already is left alone. */
async function throwAwayCluster(bin) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-postgres-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const user = await unprivileged();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const options = { ...user, cwd: folder };

  const data = join(folder, 'data');
  const initdb = ['-D', data, '-U', 'parley', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  const made = await run(join(bin, 'initdb'), initdb, { ...options, quiet: true });
  if (made.code !== 0) {
    say(`initdb failed: ${made.output.trim()}`);
    remove();
    return null;
  }

  const port = await freePort();
  const settings = ['fsync=off', 'full_page_writes=off', 'max_connections=200', 'listen_addresses=127.0.0.1'];
  const args = ['-D', data, '-k', folder, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const server = spawn(join(bin, 'postgres'), args, { ...options, stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  guard(server.pid, folder);
  const stop = async () => {
    server.kill('SIGQUIT');
    await ended;
    remove();
  };

  const ready = ['-h', '127.0.0.1', '-p', String(port), '-q'];
  for (let tries = 0; tries < 150 && server.exitCode === null; tries += 1) {
    if (await succeeds(join(bin, 'pg_isready'), ready))
      return { env: { TEST_POSTGRES_URL: urlAt(port) }, how: `a throw-away cluster on port ${port}`, stop };
    await delay(200);
  }
  say('the throw-away PostgreSQL cluster did not start');
  await stop();
  return null;
}

/**
 * However this script ends, by `kill -9` too, the server and its folder go a second later. SIGQUIT: at once, without
 * writing anything back.
 */
function guard(pid, folder) {
  const wait =
    'while kill -0 "$0"; do sleep 1; done 2>/dev/null; [ -d "$2" ] && kill -QUIT "$1" && sleep 1 && rm -rf "$2"';
  const args = ['-c', wait, String(process.pid), String(pid), folder];
  spawn('sh', args, { detached: true, stdio: 'ignore' }).unref();
}

/** PostgreSQL refuses to run as root; its package brings a user for it. */
async function unprivileged() {
  if (process.getuid?.() !== 0) return {};
  const idOf = async (flag) => Number((await run('id', [flag, 'postgres'], { quiet: true })).output);
  return { uid: await idOf('-u'), gid: await idOf('-g') };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function listens(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const done = (answer) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', done(true)).once('error', done(false)).once('timeout', done(false));
  });
}
