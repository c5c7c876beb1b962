// For work on Parley: the server starts anew after every change, the page updates in place.
// The page of `vite dev` is at the address it prints; its API calls go to the server.
import { spawn } from 'node:child_process';
import { endWithNpm, exists, node24, root, tool } from './lib/run.mjs';
import { say } from './lib/say.mjs';
import { installPackages, orExit } from './lib/set-up.mjs';
import { remember } from './lib/sources.mjs';

await orExit(installPackages);
// What the watcher leaves in dist may be of any moment: the next `npm start` builds anew.
remember('server', '');

const server = `http://127.0.0.1:${process.env.PORT ?? 3000}`;
const env = { ...process.env, PARLEY_SERVER: server };
const envFile = exists('.env') ? ['--env-file', '.env'] : [];
const watched = [
  // The watcher starts the server itself, on the same Node.
  [tool('@nestjs/cli/bin/nest.js'), 'start', '--watch', '--preserveWatchOutput', '--exec', node24(), ...envFile],
  [tool('vite/bin/vite.js'), 'apps/web', '--clearScreen', 'false'],
];
say(`server at ${server}, page with live updates at the address that vite prints; Ctrl-C ends both`);

const children = watched.map((args) => spawn(node24(), args, { cwd: root, stdio: 'inherit', env }));
const end = () => children.forEach((child) => child.kill('SIGTERM'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
process.on('exit', end);
endWithNpm(end);
// One without the other is of no use.
for (const child of children) {
  child.once('exit', (code) => {
    process.exitCode ??= code ?? 1;
    end();
  });
}
