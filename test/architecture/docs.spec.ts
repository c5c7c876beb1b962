import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './cruise.js';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = globSync(['*.md', 'docs/**/*.md', 'src/*/README.md', 'apps/web/README.md'], { cwd: root }).toSorted();
const sources = () => globSync(['src/**/*.ts', 'libs/**/*.ts'], { cwd: root }).map(read).join('\n');

describe('the documentation', () => {
  it('links to files that are there', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)#]+)[^)]*\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('names only error codes that the sources know', () => {
    const known = sources();
    const codes = [...read('docs/operations.md').matchAll(/^\| `((?:[a-z]+)\.[a-z-]+)`/gm)].map(
      ([, code = '']) => code,
    );
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !known.includes(`'${code}'`))).toEqual([]);
  });

  it('names only npm scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run ([a-z][a-z0-9:-]*)/g)].map(([, name = '']) => name),
    );
    expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names only paths of the API that there are', () => {
    const { paths } = JSON.parse(read('test/snapshots/openapi.json')) as { paths: Record<string, unknown> };
    const known = Object.keys(paths).map((path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`));
    const named = [...read('docs/api.md').matchAll(/\$URL(\/[^\s?'"]*)/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => !known.some((pattern) => pattern.test(path)))).toEqual([]);
  });
});
