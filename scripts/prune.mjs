// For the image: takes what is in the bundle out of dist/ and node_modules/. Not for a folder that is developed in.
import { globSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { installedPackages, neededOf } from './lib/needed.mjs';

const root = resolve(process.argv[2] ?? '.');
const modules = join(root, 'node_modules');
const { files, packages } = neededOf(root);
const installed = installedPackages(modules);

for (const name of installed) if (!packages.has(name)) rmSync(join(modules, name), { recursive: true });
for (const file of globSync('dist/**/*.js', { cwd: root })) if (!files.has(file)) rmSync(join(root, file));
rmSync(join(modules, '.bin'), { recursive: true, force: true });
process.stdout.write(`kept ${packages.size} of ${installed.length} packages and ${files.size} files of dist/\n`);
