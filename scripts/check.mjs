// What CI runs first: types, lint, format, unused code, boundaries, snapshots. Needs no service and no build.
import { runChecks } from './lib/checks.mjs';
import { runNode, tool } from './lib/run.mjs';
import { installPackages, orExit } from './lib/set-up.mjs';

await orExit(installPackages);
const { failed } = await runChecks();
const specs = ['run', '--project', 'unit', 'test/architecture', 'test/snapshots'];
const { code } = await runNode([tool('vitest/vitest.mjs'), ...specs]);
process.exit(failed > 0 ? 1 : code);
