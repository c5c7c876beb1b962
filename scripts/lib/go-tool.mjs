import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run, succeeds } from './run.mjs';
import { say } from './say.mjs';

/**
 * A program that Go builds, once, into `.cache/bin`. It takes a minute or two.
 * @param {{ name: string, source: string, version: string }} program `source` is the package of its main function, and
 *   ends in the program's name, or in that and a major version
 * @returns {Promise<string | null>} its path; null where there is no Go, or it cannot build it
 */
export async function goTool({ name, source, version }) {
  const folder = join(root, '.cache/bin');
  const program = join(folder, `${name}-${version}`);
  if (existsSync(program)) return program;
  if (!(await succeeds('go', ['version']))) return null;
  say(`building ${name} ${version} (Go) …`);
  const env = { ...process.env, GOBIN: mkdtempSync(join(tmpdir(), 'parley-go-')), GOFLAGS: '-trimpath' };
  const options = { quiet: true, limitMs: 600_000, env };
  const { code, output } = await run('go', ['install', `${source}@${version}`], options);
  if (code !== 0) {
    say(`Go could not build it: ${output.trim().split('\n').at(-1)}`);
    return null;
  }
  mkdirSync(folder, { recursive: true });
  await run('cp', [join(env.GOBIN, name), `${program}.new`]);
  renameSync(`${program}.new`, program);
  await run('rm', ['-rf', env.GOBIN]);
  return program;
}
