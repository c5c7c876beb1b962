import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exists, node24, npm, root, runNode, tool } from './run.mjs';
import { say } from './say.mjs';
import { hashOf, remember, remembered } from './sources.mjs';

/** A step of the set-up that could not be done; the reason was already printed by the tool. */
export class SetUpError extends Error {}

/** Installs the packages of package-lock.json, when they are not there already. */
export async function installPackages() {
  const wanted = hashOf(['package-lock.json']);
  const haveNode = () => exists(node24().slice(root.length + 1));
  if (remembered('packages') === wanted && haveNode()) return;
  if (!(haveNode() && installedAsLocked())) {
    say('installing packages (npm ci); the first time takes about half a minute …');
    const { code } = await npm(['ci', '--no-audit', '--no-fund']);
    if (code !== 0) throw new SetUpError(`npm ci failed with exit code ${code}`);
    if (!haveNode()) throw new SetUpError('npm ci left no node_modules/node: were install scripts switched off?');
    say('packages are installed');
  }
  remember('packages', wanted);
}

/** Whether somebody's own `npm ci` already left what the lock file says. */
function installedAsLocked() {
  const packagesOf = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  try {
    const installed = packagesOf('node_modules/.package-lock.json');
    return Object.entries(packagesOf('package-lock.json')).every(
      ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
    );
  } catch {
    return false;
  }
}

const server = {
  name: 'server',
  output: 'dist/src/main.js',
  sources: [
    'src',
    'libs',
    'apps',
    'migrations',
    'nest-cli.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/lib/bundle.mjs',
    'scripts/lib/light-http.mjs',
  ],
  leaveOut: (path) => path === 'apps/web' || path === 'libs/testing',
  async make() {
    // From nothing, so that the output of a deleted source cannot live on.
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    // What was compiled of the build before is of no use to this one, and nobody else throws it away.
    for (const kept of ['compile', 'code']) rmSync(join(root, '.cache', kept), { recursive: true, force: true });
    const built = await runNode([tool('@nestjs/cli/bin/nest.js'), 'build']);
    return built.code === 0 ? runNode([join(root, 'scripts/bundle.mjs')]) : built;
  },
};

const web = {
  name: 'web client',
  output: 'apps/web/dist/index.html',
  sources: ['apps/web'],
  leaveOut: () => false,
  make: () => runNode([tool('vite/bin/vite.js'), 'build', 'apps/web', '--logLevel', 'warn']),
};

async function build({ name, output, sources, leaveOut, make }) {
  const now = hashOf(sources, leaveOut);
  if (remembered(name) === now && exists(output)) return;
  say(`building the ${name} …`);
  const { code } = await make();
  if (code !== 0) throw new SetUpError(`the ${name} does not build`);
  if (!exists(output)) throw new SetUpError(`building the ${name} left no ${output}`);
  remember(name, now);
  say(`the ${name} is built`);
}

export const buildServer = () => build(server);
export const buildWeb = () => build(web);

/** Everything that the server needs to run: packages, server, web client. Does only what is missing. */
export async function setUp() {
  await installPackages();
  await buildServer();
  await buildWeb();
}

/** Ends this process with a readable line when a step failed, and with the stack when it is a fault of ours. */
export async function orExit(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    say(`stopped: ${error.message}`);
    process.exit(1);
  }
}
