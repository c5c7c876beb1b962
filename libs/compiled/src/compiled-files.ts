import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { Script } from 'node:vm';

type Wrapped = (
  exports: unknown,
  require: NodeJS.Require,
  module: { exports: unknown },
  filename: string,
  dirname: string,
  importOutside: (specifier: string) => Promise<unknown>,
) => void;

/** A line of its own, so that positions in the file stay what its source map says. */
const HEAD = '(function (exports, require, module, __filename, __dirname, importOutside) {\n';
const TAIL = '\n})';

/**
 * The CommonJS files of the bundle, each with a hash in its name, with V8's compiled code of each kept in a folder. Node's own
 * cache is made when a file has been compiled and before it runs, so what is called while starting, some 4,000 functions,
 * would be compiled by each start anew. This one is made after the start.
 */
export class CompiledFiles {
  readonly #modules = new Map<string, { exports: unknown }>();
  /** Of which nothing was kept, or nothing that this V8 takes. */
  readonly #fresh = new Map<Script, string>();
  /** Source maps are there as long as somebody holds what they were noted with. */
  readonly #mapped: Module[] = [];

  /** @param folder of the kept code; whoever can write there decides what runs */
  constructor(private readonly folder: string) {}

  /** @param file absolute. @returns what it exports */
  load(file: string): unknown {
    const known = this.#modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} as unknown };
    this.#modules.set(file, module);
    const outside = createRequire(file);
    const require = Object.assign(
      (id: string): unknown => (id.startsWith('.') ? this.load(resolve(dirname(file), id)) : outside(id)),
      outside,
    ) as NodeJS.Require;
    const wrapped = this.#compile(file).runInThisContext() as Wrapped;
    wrapped.call(module.exports, module.exports, require, module, file, dirname(file), (name) => import(name));
    return module.exports;
  }

  /** Keeps the code of all that was compiled, with the functions that were called since. */
  keep(): void {
    while (this.keepOne());
  }

  /** The same of one file, which takes some milliseconds. @returns whether there are more */
  keepOne(): boolean {
    const [next] = this.#fresh;
    if (!next) return false;
    const [script, kept] = next;
    this.#fresh.delete(script);
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      const unfinished = `${kept}.${process.pid}`;
      writeFileSync(unfinished, script.createCachedData(), { mode: 0o600 });
      renameSync(unfinished, kept);
    } catch {
      // Read-only, or full: the next start compiles again, as this one did.
      this.#fresh.clear();
    }
    return this.#fresh.size > 0;
  }

  #compile(file: string): Script {
    const source = readFileSync(file, 'utf8');
    // V8 compares no more than the length of the source; the name has a hash of the bundle's.
    const kept = join(this.folder, basename(file));
    const script = new Script(HEAD + source + TAIL, { filename: file, lineOffset: -1, cachedData: read(kept) });
    if (script.cachedDataRejected !== false) this.#fresh.set(script, kept);
    if (process.sourceMapsEnabled && script.sourceMapURL) this.#noteSourceMap(file, script.sourceMapURL);
    return script;
  }

  /** Node notes source maps of the modules that it loads itself, so it is given an empty one of that name. */
  #noteSourceMap(file: string, url: string): void {
    const named = new Module(file) as Module & { _compile(content: string, filename: string): void };
    named._compile(`//# sourceMappingURL=${url}`, file);
    this.#mapped.push(named);
  }
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
