import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from './run.mjs';
import { say } from './say.mjs';

/**
 * Starts a server of our own on this machine, with all it writes in one folder, and waits until it is ready: whatever
 * runs here already is left alone. It goes with its folder at `stop`, and when this script ends in any other way.
 * @param {object} server
 * @param {string} server.name as people call it
 * @param {string} server.folder a temporary folder, removed at the end
 * @param {string} server.command
 * @param {string[]} server.args
 * @param {import('node:child_process').SpawnOptions} [server.options]
 * @param {() => boolean | Promise<boolean>} server.ready
 * @param {'QUIT' | 'KILL' | 'TERM'} [server.signal] what ends it at once, without writing anything back
 * @param {number} [server.limitMs] until when it must be ready
 * @returns {Promise<((() => Promise<void>) & { restart: () => Promise<void> }) | null>} `stop`, which can also end the
 * server at once and start it again on what it left; or null when it did not start (said aloud)
 */
export async function throwAway({ name, folder, command, args, options, ready, signal = 'KILL', limitMs = 30_000 }) {
  let server;
  let ended;
  const end = async () => {
    server.kill(`SIG${signal}`);
    await ended;
  };
  const launch = async () => {
    server = spawn(command, args, { cwd: folder, ...options, stdio: 'ignore' });
    ended = new Promise((resolve) => server.once('exit', resolve).once('error', resolve));
    if (server.pid) guard(server.pid, folder, signal);
    const running = () => server.pid !== undefined && server.exitCode === null && server.signalCode === null;
    for (const until = Date.now() + limitMs; running() && Date.now() < until; await delay(100)) {
      if (await ready()) return true;
    }
    say(`the throw-away ${name} did not start`);
    return false;
  };
  const stop = async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  };
  const restart = async () => {
    await end();
    if (!(await launch())) throw new Error(`${name} did not start again`);
  };
  if (await launch()) return Object.assign(stop, { restart });
  await stop();
  return null;
}

/** However this script ends, by `kill -9` too, the server and its folder go a second later. */
function guard(pid, folder, signal) {
  const wait =
    'while kill -0 "$0"; do sleep 1; done 2>/dev/null; [ -d "$2" ] && kill -"$3" "$1" && sleep 1 && rm -rf "$2"';
  const args = ['-c', wait, String(process.pid), String(pid), folder, signal];
  spawn('sh', args, { detached: true, stdio: 'ignore' }).unref();
}

/** A port of 127.0.0.1 on which nothing listens. @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Whether a TCP connection can be opened. @returns {Promise<boolean>} */
export function listens(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const done = (answer) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', done(true)).once('error', done(false)).once('timeout', done(false));
  });
}

/**
 * Servers refuse to run as root, or should; their packages bring a user for it.
 * @param {string} name
 * @returns {Promise<{ uid?: number, gid?: number }>} nobody else when this is not root
 */
export async function unprivileged(name) {
  if (process.getuid?.() !== 0) return {};
  const idOf = async (flag) => Number((await run('id', [flag, name], { quiet: true })).output);
  return { uid: await idOf('-u'), gid: await idOf('-g') };
}
