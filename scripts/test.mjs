// Every check and every test from a bare clone: installs, builds and starts what is missing, and says so. Plain Node.
// `npm test -- --only unit,medium` runs those suites alone (checks unit medium e2e split chaos chaos-split).
import { parseArgs } from 'node:util';
import { testModel } from './fetch-model.mjs';
import { runChecks } from './lib/checks.mjs';
import { endWithNpm } from './lib/run.mjs';
import { elapsed, say } from './lib/say.mjs';
import { buildServer, buildWeb, installPackages, orExit, SetUpError } from './lib/set-up.mjs';
import { runSuite, suites } from './lib/suites.mjs';
import { provideServices } from './services.mjs';

const all = ['checks', ...Object.keys(suites)];
const { values } = parseArgs({ options: { only: { type: 'string' } } });
const wanted = values.only?.split(',') ?? all;
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  say(`there is no suite ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));
endWithNpm(() => process.exit(130));

await orExit(installPackages);

/** What was counted, by suite. @type {Map<string, { passed: number, failed: number, skipped: number, failures?: string[] }>} */
const results = new Map();
const notes = [];
const chosen = wanted.filter((name) => name in suites);

if (wanted.includes('checks')) results.set('checks', await runChecks());
const built = await build();
const services = await provideServices([...new Set(chosen.flatMap((name) => suites[name].services))]);
const env = { ...process.env, ...services.env, ...(await model()) };
notes.push(...services.missing);
for (const note of notes) say(`SKIPPED: ${note}`);

for (const name of all.filter((one) => chosen.includes(one))) {
  if (suites[name].built && !built) {
    notes.push(`${name} was not run: the build failed`);
    continue;
  }
  const lacking = (suites[name].needs ?? []).filter((variable) => !env[variable]);
  if (lacking.length > 0) {
    notes.push(`${name} was not run: there is no ${lacking.join(', ')}`);
    continue;
  }
  say(`suite ${name} …`);
  results.set(name, await runSuite(name, env));
}
await services.stop();
report();

/** A build that fails is a failed check, and the suites that need none of it still run. */
async function build() {
  if (!chosen.some((name) => suites[name].built)) return true;
  try {
    await buildServer();
    await buildWeb();
    results.set('build', { passed: 1, failed: 0, skipped: 0 });
    return true;
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    say(error.message);
    results.set('build', { passed: 0, failed: 1, skipped: 0 });
    return false;
  }
}

async function model() {
  if (!chosen.some((name) => suites[name].model)) return {};
  const { path, missing } = await testModel();
  if (path) return { PARLEY_TEST_MODEL: path };
  notes.push(`no model to talk to, so not tested: answers of a real model (${missing})`);
  return {};
}

/** The table, and as the last line the sum of everything. A thing that this machine lacks counts as one skipped. */
function report() {
  const sum = { passed: 0, failed: 0, skipped: notes.length };
  say(`done after ${elapsed()}`);
  for (const [name, { passed, failed, skipped }] of results) {
    process.stdout.write(`  ${name.padEnd(12)} ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  for (const note of notes) process.stdout.write(`  SKIPPED: ${note}\n`);
  // Once more at the end: a log of half an hour is read from there.
  for (const failure of [...results.values()].flatMap(({ failures = [] }) => failures)) {
    process.stdout.write(`  FAILED: ${failure}\n`);
  }
  process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
  process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
}
