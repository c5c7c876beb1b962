// Parley from a bare clone: installs and builds what is missing, then runs the server. Plain Node, 20.11 or newer.
import { become, exists, node24 } from './lib/run.mjs';
import { say } from './lib/say.mjs';
import { orExit, setUp } from './lib/set-up.mjs';

await orExit(setUp);
say('everything is up to date; starting Parley');
const settings = exists('.env') ? ['--env-file=.env'] : [];
const withUs = ['--import', new URL('./lib/end-with-parent.mjs', import.meta.url).href];
const args = [...settings, ...withUs, '--enable-source-maps', 'dist/src/main.js', ...process.argv.slice(2)];
await become(node24(), args, { env: { NODE_ENV: 'production', ...process.env } });
