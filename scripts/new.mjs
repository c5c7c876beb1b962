// Starts a use case or a module in the house style, wired up and green.
//   npm run new -- feature chat rename-conversation    command, query (get-, list-), stream (stream-) or reaction
//   npm run new -- feature chat greet-on-user-signed-up
//   npm run new -- module billing
import { root, runNode, tool } from './lib/run.mjs';
import { say } from './lib/say.mjs';
import { modulesOf, newFeature, newModule, ScaffoldError } from './lib/scaffold.mjs';
import { installPackages, orExit } from './lib/set-up.mjs';

const [what, ...names] = process.argv.slice(2);
const usage = `usage: npm run new -- feature <${modulesOf(root).join('|')}> <verb-noun>
       npm run new -- feature <module> <do>-on-<event>
       npm run new -- module <name>`;

function make() {
  if (what === 'feature' && names.length === 2) return newFeature(root, names[0], names[1]);
  if (what === 'module' && names.length === 1) return newModule(root, names[0]);
  throw new ScaffoldError(usage);
}

try {
  await orExit(installPackages);
  const written = make();
  await runNode([tool('prettier/bin/prettier.cjs'), '--write', '--log-level', 'warn', ...written]);
  for (const path of written) say(path);
  say('npm run snapshot adds it to the module map and the message catalogue');
} catch (error) {
  if (!(error instanceof ScaffoldError)) throw error;
  say(error.message);
  process.exit(2);
}
