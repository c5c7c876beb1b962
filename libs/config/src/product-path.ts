import { findPackageJSON } from 'node:module';
import { dirname, extname, join } from 'node:path';

/** `.ts` where the sources run (tests, development), `.js` where the build does. */
export const moduleExtension = extname(import.meta.url);

const root = dirname(findPackageJSON(import.meta.url) ?? '');

/**
 * Where something lies that is loaded by its path and not by an import, wherever the asking code is by then: the bundle
 * moves it.
 *
 * @param path as in the repository, without an extension: `migrations`, `src/inference/engines/llama-cpp/child`
 * @returns the absolute path among the sources when those run, else in the build
 */
export const productPath = (path: string): string => join(root, moduleExtension === '.ts' ? path : `dist/${path}`);
