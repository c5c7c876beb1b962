import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

const windows = process.platform === 'win32';

/** The Node that Parley runs on: version 24 out of node_modules, whatever the machine has. */
export const node24 = () => join(root, 'node_modules/node/bin', windows ? 'node.exe' : 'node');

/** The entry file of a package's command, for `node24()`. */
export const tool = (path) => join(root, 'node_modules', path);

/** npm on the machine's own Node: the one inside node_modules is what npm is about to replace. */
export function npm(args) {
  const own = join('node_modules', '.bin');
  const PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(own))
    .join(delimiter);
  return run('npm', args, { env: { ...process.env, PATH }, shell: windows });
}

const running = new Set();

// Whatever ends this script ends what it started.
process.on('exit', () => running.forEach((child) => child.kill()));

/**
 * Runs a command in the repository with its output handed through, or captured (`quiet`). It reads no input.
 * @param {{ quiet?: boolean, limitMs?: number } & import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ code: number, output: string }>} code as a shell reports it: 128 + n after signal n
 */
export function run(command, args, { quiet = false, limitMs, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
    const child = spawn(command, args, { cwd: root, stdio, timeout: limitMs, killSignal: 'SIGKILL', ...options });
    const chunks = [];
    running.add(child);
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.once('error', (error) => {
      running.delete(child);
      reject(error);
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code: exitCode(code, signal), output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}

/** Whether a command can be run and ends well; one that is not installed does not. */
export async function succeeds(command, args, options) {
  try {
    return (await run(command, args, { quiet: true, ...options })).code === 0;
  } catch {
    return false;
  }
}

/** Runs a script or a package's command on Node 24. */
export const runNode = (args, options) => run(node24(), args, options);

/**
 * Becomes that command as far as a caller can see: the terminal is its own, signals reach it, its exit code is ours.
 * @returns {Promise<never>}
 */
export function become(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
  // A terminal sends Ctrl-C to every process in front of it: passing it on would make it two.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  endWithNpm(() => child.kill('SIGTERM'));
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => process.exit(exitCode(code, signal)));
  });
}

/** npm told to end ends only the shell between it and this script: that shell gone is the sign. */
export function endWithNpm(end) {
  if (!process.env.npm_lifecycle_event || windows) return;
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && end(), 500).unref();
}

const exitCode = (code, signal) => code ?? 128 + (constants.signals[signal] ?? 0);

export const exists = (path) => existsSync(join(root, path));
