import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, Settings } from '@app/config';
import { root } from '../architecture/cruise.js';

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Every process of the split: a folder of apps/ with an entry. */
export const serviceNames = readdirSync(join(root, 'apps')).filter((name) =>
  existsSync(join(root, 'apps', name, 'main.ts')),
);

/** `node dist/<entry>.js`, as the image is told it: whether the build makes that file. */
export function startsWhatTheBuildMakes(command: readonly unknown[]): boolean {
  const [node, entry = '', ...rest] = command.map(String);
  const source = /^dist\/(.+)\.js$/.exec(entry)?.[1];
  return node === 'node' && rest.length === 0 && source !== undefined && existsSync(join(root, `${source}.ts`));
}

/**
 * What is wrong with the environment of a Parley process: names that no setting has, and values that it would refuse.
 * The image's own environment comes first, as it does in a container.
 */
export function problemsOfEnvironment(env: Record<string, string>): string[] {
  const unknown = Object.keys(env).filter((name) => !(name in Settings.shape));
  try {
    loadConfig({ ...imageSettings(), ...env });
  } catch (error) {
    return [...unknown, (error as Error).message];
  }
  return unknown;
}

/** Variables of the image that are settings. */
export function imageSettings(): Record<string, string> {
  const block = /^ENV NODE_ENV=[^]*?[^\\]$/m.exec(read('docker/Dockerfile'))?.[0] ?? '';
  const all = [...block.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value] as const);
  return Object.fromEntries(all.filter(([name]) => name !== 'NODE_ENV'));
}
