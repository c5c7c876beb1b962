import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A request that cannot be carried out; the message says why. */
export class ScaffoldError extends Error {}

const kebab = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const pascal = (name) => name.replace(/(^|-)([a-z0-9])/g, (_, _dash, letter) => letter.toUpperCase());

/**
 * A use case in the house style, wired up and green: contract, handler, spec, entry in the module. What it is follows
 * from the name: `<do>-on-<event>` is a reaction, get-/list- a query, stream- a stream, anything else a command.
 * @param {string} root the repository
 * @param {string} module its folder below src/
 * @param {string} name verb-noun
 * @returns {string[]} the files that were written
 */
export function newFeature(root, module, name) {
  if (!kebab.test(name) || !name.includes('-'))
    throw new ScaffoldError(`"${name}" is not verb-noun, like rename-thing`);
  const moduleFile = `src/${module}/${module}.module.ts`;
  if (!existsSync(join(root, moduleFile))) throw new ScaffoldError(`there is no module ${module} (${moduleFile})`);
  const handler = `src/${module}/features/${name}.handler.ts`;
  if (existsSync(join(root, handler))) throw new ScaffoldError(`${handler} is there already`);

  const tree = new Tree(root);
  const reaction = /^.+?-on-(.+)$/.exec(name);
  if (reaction) {
    const [from, event] = eventOf(root, module, reaction[1]);
    tree.write(handler, reactionHandler(module, name, from, event));
    tree.write(handler.replace('.ts', '.spec.ts'), reactionSpec(name, from, event));
  } else {
    const kind = kindOf(name);
    tree.add(`src/${module}/contracts/${kind.file}.ts`, contract(module, name, kind), {
      imports: [`import { ${kind.factory} } from '@app/messaging';`, `import { z } from 'zod';`],
    });
    tree.add(`src/${module}/contracts/index.ts`, '', { imports: [`export * from './${kind.file}.js';`] });
    tree.write(handler, messageHandler(name, kind));
    tree.write(handler.replace('.ts', '.spec.ts'), messageSpec(name));
  }
  tree.provide(moduleFile, `${pascal(name)}Handler`, `./features/${name}.handler.js`, 'providers');
  return tree.written;
}

/**
 * A domain module: its two Nest modules, contracts, README, its entry as a service, and its place in the single process.
 * @param {string} root the repository
 * @param {string} name
 * @returns {string[]} the files that were written
 */
export function newModule(root, name) {
  if (!kebab.test(name)) throw new ScaffoldError(`"${name}" is not a name for a folder: lower-case words and dashes`);
  if (existsSync(join(root, 'src', name))) throw new ScaffoldError(`src/${name} is there already`);
  const tree = new Tree(root);
  const [domain, http] = [`${pascal(name)}Module`, `${pascal(name)}HttpModule`];
  tree.write(`src/${name}/README.md`, readme(name));
  tree.write(`src/${name}/contracts/index.ts`, 'export {};\n');
  tree.write(`src/${name}/${name}.module.ts`, nestModule(domain, 'providers'));
  tree.write(`src/${name}/${name}.http.module.ts`, nestModule(http, 'controllers'));
  tree.write(`apps/${name}/main.ts`, main(name, domain));
  tree.provide('src/app.module.ts', domain, `./${name}/${name}.module.js`, 'domainModules');
  tree.provide('src/app.module.ts', http, `./${name}/${name}.http.module.js`, 'httpModules');
  return tree.written;
}

/** The files of the repository, and which of them were written. */
class Tree {
  written = [];

  constructor(root) {
    this.root = root;
  }

  read(path) {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), 'utf8') : '';
  }

  write(path, text) {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
    if (!this.written.includes(path)) this.written.push(path);
  }

  /** Appends to a file that is there, or begins it; imports go to the top, once. */
  add(path, text, { imports }) {
    const before = this.read(path).replace('export {};\n', '');
    const body = text ? `${before.trimEnd()}\n\n${text}` : before;
    const next = imports.reduceRight(withImport, body.trimStart());
    if (next !== this.read(path)) this.write(path, next);
  }

  /** Imports a class and puts it first into the list after `list:` or `list =`. */
  provide(path, name, from, list) {
    const text = this.read(path);
    const start = new RegExp(String.raw`\b${list}\s*[:=]\s*\[`).exec(text);
    if (!start) throw new ScaffoldError(`${path} has no list "${list}" to put ${name} into`);
    const at = start.index + start[0].length;
    const inner = text.slice(at).startsWith(']') ? name : `${name}, `;
    this.write(path, withImport(text.slice(0, at) + inner + text.slice(at), `import { ${name} } from '${from}';`));
  }
}

/** One name more in the import of that package, or one import more. */
function withImport(text, line) {
  const [, names, from] = /^import \{ (.+) \} from '(.+)';$/.exec(line) ?? [];
  if (text.includes(line)) return text;
  if (!names) return `${text.trimEnd()}\n${line}\n`.trimStart();
  const known = new RegExp(String.raw`^import \{([^}]*)\} from '${from.replaceAll('.', '\\.')}';$`, 'm').exec(text);
  if (!known) return `${line}\n${text}`;
  const all = known[1].split(',').map((name) => name.trim());
  if (all.includes(names)) return text;
  return text.replace(known[0], `import { ${[...all.filter(Boolean), names].toSorted().join(', ')} } from '${from}';`);
}

function kindOf(name) {
  const [verb] = name.split('-');
  if (verb === 'get' || verb === 'list') return { factory: 'query', file: 'queries' };
  if (verb === 'stream') return { factory: 'streamQuery', file: 'queries' };
  return { factory: 'command', file: 'commands' };
}

/** The folder of contracts, as a handler of `module` imports it, and the event class that the name speaks of. */
function eventOf(root, module, name) {
  const wanted = pascal(name);
  const known = modulesOf(root)
    .map((owner) => ({ owner, path: join(root, 'src', owner, 'contracts/events.ts') }))
    .filter(({ path }) => existsSync(path))
    .map(({ owner, path }) => {
      const classes = readFileSync(path, 'utf8').matchAll(/^export class (\w+)/gm);
      return { owner, events: [...classes].map(([, event]) => event) };
    });
  const found = known.find(({ events }) => events.includes(wanted));
  if (found) return [found.owner === module ? '../contracts' : `../../${found.owner}/contracts`, wanted];
  const all = known.flatMap(({ owner, events }) => events.map((event) => `${event} (${owner})`));
  throw new ScaffoldError(`no module publishes ${wanted}; there are ${all.join(', ')}`);
}

const contract = (module, name, { factory }) => `export class ${pascal(name)} extends ${factory}(
  '${module}.${name}.v1',
  z.object({ id: z.uuid() }),${factory === 'command' ? '' : '\n  z.object({ id: z.uuid() }),'}
) {}
`;

const messageHandler = (name, { factory }) => {
  const message = pascal(name);
  const [answer, body] = {
    command: [`async handle(_data: DataOf<${message}>, context: MessageContext): Promise<void>`, ''],
    query: [
      `async handle({ id }: DataOf<${message}>, context: MessageContext): Promise<ResultOf<${message}>>`,
      '    return { id };\n',
    ],
    streamQuery: [
      `async *handle({ id }: DataOf<${message}>, context: MessageContext): AsyncIterable<ResultOf<${message}>>`,
      '    yield { id };\n',
    ],
  }[factory];
  const names = ['Handles', 'requireActor', 'type DataOf', 'type MessageContext'];
  if (factory !== 'command') names.push('type ResultOf');
  return `import { ${names.join(', ')} } from '@app/messaging';
import { ${message} } from '../contracts/index.js';

@Handles(${message})
export class ${message}Handler {
  ${answer} {
    requireActor(context);
${body}  }
}
`;
};

const messageSpec = (name) => {
  const stream = name.startsWith('stream-');
  const call = `new ${pascal(name)}Handler().handle({ id: newId() }, nobody)`;
  return `import { newId } from '@app/kernel';
import type { MessageContext } from '@app/messaging';
import { describe, expect, it } from 'vitest';
import { ${pascal(name)}Handler } from './${name}.handler.js';

const nobody: MessageContext = {
  id: newId(),
  type: 'test',
  correlationid: newId(),
  signal: new AbortController().signal,
  deliveryAttempt: 1,
};

describe('${name}', () => {
  it('refuses who is not signed in', async () => {
    const ${stream ? 'items' : 'answer'} = ${call};
    await expect(${stream ? 'Array.fromAsync(items)' : 'answer'}).rejects.toMatchObject({ code: 'platform.unauthenticated' });
  });
});
`;
};

const reactionHandler = (module, name, from, event) => `import { OnEvent, type DataOf } from '@app/messaging';
import { ${event} } from '${from}/index.js';

@OnEvent(${event}, { queue: '${module}.${name}' })
export class ${pascal(name)}Handler {
  handle(_data: DataOf<${event}>): void {
    // Takes effect once for each ${event}, however often that is delivered: the inbox sees to it.
  }
}
`;

const reactionSpec = (name, from, event) => `import { ON_EVENT, type OnEventMetadata } from '@app/messaging';
import { describe, expect, it } from 'vitest';
import { ${event} } from '${from}/index.js';
import { ${pascal(name)}Handler } from './${name}.handler.js';

describe('${name}', () => {
  it('hears ${event}', () => {
    const { messages } = Reflect.getMetadata(ON_EVENT, ${pascal(name)}Handler) as OnEventMetadata;
    expect(messages).toEqual([${event}]);
  });
});
`;

const nestModule = (name, list) => `import { Module } from '@nestjs/common';

@Module({ ${list}: [] })
export class ${name} {}
`;

const main = (name, domain) => `import { run, service } from '@app/service';
import { queues } from '../../src/queues.js';
import { ${domain} } from '../../src/${name}/${name}.module.js';

export const running = run(service({ name: '${name}', modules: [${domain}], queues }));
`;

const readme = (name) => `# ${name}

Owns nothing yet.

- **Commands**: none.
- **Queries**: none.
- **Publishes**: nothing.
- **Hears**: nothing.
`;

/** Names of the domain modules, for a message to people. */
export const modulesOf = (root) =>
  readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
