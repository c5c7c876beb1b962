import { runNode, tool } from './run.mjs';
import { say } from './say.mjs';

/** What is checked without running the product. Boundaries and snapshots are specs of the unit suite. */
const checks = [
  ['types of the server', [tool('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json']],
  ['types of the web client', [tool('typescript/bin/tsc'), '--noEmit', '-p', 'apps/web']],
  ['lint', [tool('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings']],
  ['format', [tool('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  ['unused files, exports and packages', [tool('knip/bin/knip.js'), '--no-progress', '--no-config-hints']],
];

/**
 * Runs every check, two at a time, and prints what a failed one found.
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function runChecks() {
  const waiting = [...checks];
  const result = { passed: 0, failed: 0, skipped: 0 };
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, args] = next;
      const { code, output } = await runNode(args, { quiet: true, limitMs: 300_000 });
      if (code === 0) result.passed += 1;
      else result.failed += 1;
      say(`${code === 0 ? '✓' : '✗'} ${name}`);
      if (code !== 0) process.stderr.write(`${output.trimEnd()}\n`);
    }
  };
  await Promise.all([work(), work()]);
  say(`checks: ${result.passed} passed, ${result.failed} failed`);
  return result;
}
