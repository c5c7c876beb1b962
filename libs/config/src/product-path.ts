import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

/** `.ts` where the sources run (tests, development), `.js` where the build does. */
export const moduleExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

// The nearest one is the product's own, seen from the sources and from the build.
const manifest = findPackageJSON(import.meta.url) ?? '';
const root = dirname(manifest);

/** The product's version, as package.json has it. */
export const { version: productVersion } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

/**
 * Where something lies that is loaded by its path and not by an import, wherever the asking code is by then: the bundle
 * moves it.
 *
 * @param path as in the repository, without an extension: `migrations`, `src/inference/engines/llama-cpp/child`
 * @returns the absolute path among the sources when those run, else in the build
 */
export const productPath = (path: string): string => join(root, moduleExtension === '.ts' ? path : `dist/${path}`);
