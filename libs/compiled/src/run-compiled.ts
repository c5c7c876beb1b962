import { enableCompileCache } from 'node:module';
import { basename, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag, setFlagsFromString } from 'node:v8';
import { CompiledFiles } from './compiled-files.js';

/** A start has come to rest by then: what it called is known, and nobody waits for it. */
const KEEP_AFTER_MS = 10_000;

/**
 * Runs an entry of the bundle with what earlier starts compiled. What this one had to compile is kept when it has run for a
 * while, or ends before; beside the build and not in the system's temporary folder, where others could write what we would
 * run. Where it cannot be written, there is none.
 *
 * @param entry a CommonJS file that exports `run`
 * @param cache folder of what is kept
 */
export async function runCompiled(entry: URL, cache: URL): Promise<void> {
  // The embedded database sets it later on, and V8 takes nothing that was compiled under other flags.
  setFlagsFromString('--wasm-lazy-validation');
  const folder = fileURLToPath(cache);
  // For packages that are not in the bundle.
  enableCompileCache(join(folder, 'compile'));
  const file = fileURLToPath(entry);
  // One process calls other functions of a file than another.
  const files = new CompiledFiles(join(folder, 'code', cachedDataVersionTag().toString(16), basename(file)));
  const { run } = files.load(file) as { run(): Promise<void> };
  await run();
  // With arguments it did something else than serve.
  if (process.argv.length > 2) return;
  const keepOneByOne = () => files.keepOne() && setImmediate(keepOneByOne).unref();
  setTimeout(keepOneByOne, KEEP_AFTER_MS).unref();
  process.once('exit', () => files.keep());
}
