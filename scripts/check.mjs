// What CI does first: types, lint, format, unused code, then the unit suite (boundaries and generated files are in it) and
// the medium suite on the embedded database. Needs no service and no build.
import { runChecks } from './lib/checks.mjs';
import { runNode, tool } from './lib/run.mjs';
import { installPackages, orExit } from './lib/set-up.mjs';

await orExit(installPackages);
const { failed } = await runChecks();
const { code } = await runNode([tool('vitest/vitest.mjs'), 'run', '--project', 'unit', '--project', 'medium']);
process.exit(failed > 0 ? 1 : code);
