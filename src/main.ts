import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Before anything is loaded, so that the next start need not compile 2,800 files again. Beside the build and not in the
// system's temporary folder, where others could write what we would run; where it cannot be written, there is none.
enableCompileCache(fileURLToPath(new URL('../../.cache/compile', import.meta.url)));
// With arguments it does something else than serve, perhaps without a database.
if (process.argv.length === 2) {
  const { begin } = await import('./begin.js');
  await begin();
}
await import('./run.js');
