// Writes what is generated from the sources (module map, message catalogue, OpenAPI) anew into test/snapshots.
import { runNode, tool } from './lib/run.mjs';
import { installPackages, orExit } from './lib/set-up.mjs';

await orExit(installPackages);
const { code } = await runNode([tool('vitest/vitest.mjs'), 'run', '--project', 'unit', 'test/snapshots', '--update']);
process.exit(code);
