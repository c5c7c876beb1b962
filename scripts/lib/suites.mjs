import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root, runNode, tool } from './run.mjs';

/**
 * A suite is a project of vitest.config.ts, of its own name unless it says which ones.
 * `services` and `model` are what it uses, `needs` the variables without which it cannot run at all, `built` says that it
 * runs what `npm run build` makes.
 */
export const suites = {
  unit: { services: [], limitMinutes: 5 },
  medium: { services: ['postgres', 'rabbitmq', 'redis', 's3', 'kustomize'], model: true, limitMinutes: 15 },
  e2e: {
    projects: ['e2e', 'e2e-alone'],
    services: ['postgres', 'rabbitmq', 'redis', 's3', 'chromium'],
    model: true,
    built: true,
    limitMinutes: 25,
  },
  split: {
    projects: ['e2e', 'e2e-alone'],
    env: { TOPOLOGY: 'split' },
    services: ['postgres', 'rabbitmq', 'redis', 's3', 'chromium'],
    needs: ['TEST_POSTGRES_URL', 'TEST_RABBITMQ_URL', 'TEST_RABBITMQ_API_URL'],
    model: true,
    built: true,
    limitMinutes: 25,
  },
  'chaos-split': {
    projects: ['chaos'],
    env: { TOPOLOGY: 'split' },
    services: ['postgres', 'rabbitmq', 'redis'],
    needs: ['TEST_POSTGRES_URL', 'TEST_RABBITMQ_URL', 'TEST_RABBITMQ_API_URL'],
    built: true,
    // Above the limit of the test itself, which grows with the faults.
    limitMinutes: 10 + Number(process.env.CHAOS_FAULTS ?? 14) / 6,
  },
  chaos: { services: ['postgres', 'rabbitmq', 'redis'], model: true, built: true, limitMinutes: 12 },
};

/** What a shell says of a process that got SIGKILL. */
const KILLED = 137;
const MOST_LINES = 12;

/**
 * Runs one suite on Node 24 with its output shown as it comes.
 * @param {keyof typeof suites} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ passed: number, failed: number, skipped: number, failures: string[] }>} failures with their reasons
 */
export async function runSuite(name, env) {
  const folder = join(root, '.cache/test');
  const report = join(folder, `${name}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(report, { force: true });
  const { projects = [name], limitMinutes, env: own } = suites[name];
  const args = ['run', ...projects.map((project) => `--project=${project}`), '--passWithNoTests'];
  args.push('--reporter=default', '--reporter=json');
  const { code } = await runNode([tool('vitest/vitest.mjs'), ...args, `--outputFile.json=${report}`], {
    env: { ...env, ...own },
    limitMs: limitMinutes * 60_000,
  });
  const counted = count(report);
  // Something outside every test failed: an unhandled rejection, a crash of the runner, the time limit.
  if (code !== 0 && counted.failed === 0) {
    counted.failed = 1;
    const killed = `it was ended: it had not finished after ${limitMinutes} minutes`;
    counted.failures.push(`${name}: ${code === KILLED ? killed : 'something outside of every test, see above'}`);
  }
  return counted;
}

function count(report) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failures: [] };
  }
  // A file that could not even be loaded holds no test, and is one failure all the same.
  const broken = results.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + broken.length,
    skipped: results.numPendingTests + results.numTodoTests,
    failures: [
      ...results.testResults.flatMap(({ name, assertionResults }) =>
        assertionResults
          .filter(({ status }) => status === 'failed')
          .map(({ fullName, failureMessages }) => told(name, fullName, failureMessages.join('\n'))),
      ),
      ...broken.map(({ name, message }) => told(name, '', message)),
    ],
  };
}

function told(file, test, reason) {
  const lines = reason.split('\n').filter((line) => !line.includes('node_modules'));
  return [`${relative(root, file)} ${test}`.trim(), ...lines.slice(0, MOST_LINES)].join('\n    ');
}
