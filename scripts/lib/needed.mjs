import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** What Node is told to start, or loads by its path: all else of dist/ is in the bundle. */
const roots = [
  'dist/src/main.js',
  'dist/apps/*/main.js',
  // The bundle: its loader reads them by their path.
  'dist/chunks/**/*.cjs',
  'dist/migrations/**/*.js',
  'dist/src/inference/engines/llama-cpp/child.js',
];
/** Loaded by `createRequire`, whose argument is no import. */
const required = ['pino-pretty', 'swagger-ui-dist'];

/**
 * The files of dist/ that the product needs, and the packages that these need from node_modules, with all that those depend on.
 *
 * @param {string} root folder of package.json, dist/ and node_modules/
 * @returns {{ files: Set<string>, packages: Set<string> }} paths below `root`; names of folders in node_modules/
 */
export function neededOf(root) {
  const files = new Set();
  const packages = new Set();
  const open = roots.flatMap((pattern) => globSync(pattern, { cwd: root }));
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const name of importsOf(readFileSync(join(root, file), 'utf8'))) {
      if (name.startsWith('.')) {
        const target = relative(root, join(root, dirname(file), name));
        if (existsSync(join(root, target)) && statSync(join(root, target)).isFile()) open.push(target);
      } else if (!name.startsWith('node:') && !builtinModules.includes(name)) {
        addPackage(join(root, 'node_modules'), packageOf(name), packages);
      }
    }
  }
  for (const name of required) addPackage(join(root, 'node_modules'), name, packages);
  return { files, packages };
}

/** What a file imports or requires by name, in whatever way. A name in a comment or a text is none. */
function importsOf(source) {
  const names = [];
  const open = [parseAst(source)];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const from =
      node.source ?? (/^((__)?require|importOutside)$/.test(node.callee?.name ?? '') ? node.arguments[0] : undefined);
    // The bundle writes texts without an expression as templates.
    const name = from?.value ?? (from?.quasis?.length === 1 ? from.quasis[0].value.cooked : undefined);
    if (typeof name === 'string') names.push(name);
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) open.push(...value.filter((inner) => inner !== null && typeof inner === 'object'));
      else if (value !== null && typeof value === 'object') open.push(value);
    }
  }
  return names;
}

/** Packages that are there, as folders of node_modules; those in a scope with it. */
export function installedPackages(modules) {
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : name,
    );
}

/** `@scope/name/some/file.js` is a file of `@scope/name`. */
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** What is not installed is something that nobody has to have: a package that is tried, or one of another platform. */
function addPackage(modules, name, found) {
  if (found.has(name) || !existsSync(join(modules, name, 'package.json')) || !isForHere(join(modules, name))) return;
  found.add(name);
  for (const dependency of dependenciesOf(join(modules, name))) addPackage(modules, dependency, found);
}

/** Ready-made native code is there for one platform each. Those of node-llama-cpp say that they are for more. */
function isForHere(folder) {
  const [, engine] = /@node-llama-cpp\/(.+)$/.exec(folder) ?? [];
  if (engine) return engine === `${process.platform}-${process.arch}`;
  const { os = [process.platform], cpu = [process.arch] } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  return os.includes(process.platform) && cpu.includes(process.arch);
}

/** Of a package and of those that lie inside it, which may need what lies outside. */
function dependenciesOf(folder) {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = about;
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  const own = [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
  const nested = join(folder, 'node_modules');
  if (!existsSync(nested)) return own;
  return [...own, ...installedPackages(nested).flatMap((name) => dependenciesOf(join(nested, name)))];
}
