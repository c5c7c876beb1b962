// Parley from a bare clone: installs and builds what is missing, then runs the server. Plain Node 20 or newer.
import { become, node24 } from './lib/run.mjs';
import { say } from './lib/say.mjs';
import { orExit, setUp } from './lib/set-up.mjs';

await orExit(setUp);
say('everything is up to date; starting Parley');
await become(
  node24(),
  ['--env-file-if-exists=.env', '--enable-source-maps', 'dist/src/main.js', ...process.argv.slice(2)],
  {
    env: { NODE_ENV: 'production', ...process.env },
  },
);
