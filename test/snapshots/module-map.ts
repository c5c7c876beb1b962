import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ON_EVENT, type OnEventMetadata, type MessageKind } from '@app/messaging';
import { importsOf, root } from '../architecture/cruise.js';
import { contractsOf, exportsOf, moduleNames } from './contracts.js';

interface Module {
  name: string;
  tables: string[];
  types: Record<MessageKind, string[]>;
  hears: { queue: string; types: string[] }[];
  /** Modules whose contracts it imports. */
  uses: string[];
  libs: string[];
}

/** The modules as the sources say: what each owns, answers, publishes and hears, and who sees whose contracts. */
export async function moduleMap(): Promise<string> {
  const edges = await edgesBetweenFolders();
  const modules = await Promise.all(moduleNames.map((name) => describeModule(name, edges)));
  const libs = [...edges].filter(([from, to]) => isLib(from) && isLib(to));
  return [
    '# Module map',
    'Made from the sources by `npm run snapshot`; do not edit.',
    '## Who sees whose contracts',
    graph(modules.flatMap(({ name, uses }) => uses.map((other) => [name, other]))),
    '## Building blocks',
    graph(libs.map(([from, to]) => [from.slice(5), to.slice(5)])),
    ...modules.map(section),
  ]
    .join('\n\n')
    .concat('\n');
}

const graph = (edges: string[][]) =>
  ['```mermaid', 'graph LR', ...edges.map(([from, to]) => `  ${from} --> ${to}`).toSorted(), '```'].join('\n');

function section({ name, tables, types, hears, uses, libs }: Module): string {
  const hear = hears.map(({ queue, types: heard }) => `\`${heard.join('`, `')}\` (queue \`${queue}\`)`);
  return [
    `## ${name}`,
    [
      `- owns: ${codes(tables)}`,
      `- commands: ${codes(types.command)}`,
      `- queries: ${codes(types.query)}`,
      `- streams: ${codes(types.stream)}`,
      `- publishes: ${codes(types.event)}`,
      `- hears: ${hear.length > 0 ? hear.join(', ') : 'nothing'}`,
      `- sees contracts of: ${uses.join(', ') || 'nobody'}`,
      `- stands on: ${libs.join(', ') || 'nothing'}`,
    ].join('\n'),
  ].join('\n\n');
}

const codes = (names: string[]) => (names.length > 0 ? names.map((name) => `\`${name}\``).join(', ') : 'nothing');

async function describeModule(name: string, edges: Set<[string, string]>): Promise<Module> {
  const contracts = await contractsOf(name);
  const of = (kind: MessageKind) => contracts.filter((message) => message.kind === kind).map(({ type }) => type);
  const out = [...edges].filter(([from]) => from === `src/${name}`).map(([, to]) => to);
  return {
    name,
    tables: tablesOf(name),
    types: { command: of('command'), query: of('query'), stream: of('stream'), event: of('event') },
    hears: await reactionsOf(name),
    uses: out.filter((to) => to.startsWith('src/')).map((to) => to.slice(4)),
    libs: out.filter(isLib).map((to) => to.slice(5)),
  };
}

export async function reactionsOf(module: string): Promise<Module['hears']> {
  const files = globSync(`src/${module}/features/*.handler.ts`, { cwd: root });
  const classes = (await Promise.all(files.map(exportsOf))).flat().filter((value) => typeof value === 'function');
  return classes
    .map((reaction) => Reflect.getMetadata(ON_EVENT, reaction) as OnEventMetadata | undefined)
    .filter((metadata) => metadata !== undefined)
    .map(({ queue, messages }) => ({ queue, types: messages.map(({ type }) => type).toSorted() }))
    .toSorted((a, b) => (a.queue < b.queue ? -1 : 1));
}

/** Tables that the migrations of a module make and do not drop again on their way up. */
function tablesOf(module: string): string[] {
  const tables = new Set<string>();
  for (const file of globSync(`migrations/${module}/*.ts`, { cwd: root }).toSorted()) {
    const [up = ''] = readFileSync(join(root, file), 'utf8').split(/async down\(/);
    for (const [, verb, table] of up.matchAll(/(CREATE|DROP) TABLE (?:IF (?:NOT )?EXISTS )?([\w.]+)/g)) {
      if (verb === 'CREATE') tables.add(table ?? '');
      else tables.delete(table ?? '');
    }
  }
  return [...tables].toSorted();
}

const isLib = (folder: string) => folder.startsWith('libs/');
const folderOf = (path: string) => /^(?:src|libs)\/[^/]+(?=\/)/.exec(path)?.[0];

/** `src/<module>` and `libs/<lib>` that import one another; specs do not count. */
async function edgesBetweenFolders(): Promise<Set<[string, string]>> {
  const { modules } = await importsOf(['src', 'libs']);
  const found = new Map<string, [string, string]>();
  for (const { source, dependencies } of modules) {
    const from = folderOf(source);
    if (!from || /\.(spec|contract)\.ts$/.test(source) || from === 'libs/testing') continue;
    for (const { resolved } of dependencies) {
      const to = folderOf(resolved);
      if (to && to !== from) found.set(`${from} ${to}`, [from, to]);
    }
  }
  return new Set([...found.keys()].toSorted().map((key) => found.get(key) ?? ['', '']));
}
