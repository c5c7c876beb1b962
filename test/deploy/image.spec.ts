import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../architecture/cruise.js';
import { imageSettings, problemsOfEnvironment, read, startsWhatTheBuildMakes } from './services.js';

const dockerfile = read('docker/Dockerfile');
const runtime = dockerfile.slice(dockerfile.indexOf('AS runtime'));

describe('the image', () => {
  it('starts the single process unless told otherwise', () => {
    const command = JSON.parse(/^CMD (\[.*\])$/m.exec(runtime)?.[1] ?? '[]') as string[];
    expect(startsWhatTheBuildMakes(command)).toBe(true);
    expect(command[1]).toBe('dist/src/main.js');
  });

  it('has settings that the server takes', () => {
    expect(Object.keys(imageSettings())).toContain('DATA_DIR');
    expect(problemsOfEnvironment({})).toEqual([]);
  });

  it('runs as a user without rights, under a first process that passes signals on', () => {
    expect(runtime).toMatch(/^USER 1000:1000$/m);
    expect(runtime).toMatch(/^ENTRYPOINT \["tini", "--"\]$/m);
    expect(runtime).toMatch(/^STOPSIGNAL SIGTERM$/m);
  });

  it('asks after its health with a script that is in it', () => {
    const script = /CMD \["node", "(docker\/[\w.]+)"\]/.exec(runtime)?.[1] ?? '';
    expect(existsSync(join(root, script))).toBe(true);
    expect(runtime).toContain(`COPY ${script} ${script}`);
  });

  it('is built on the major version of Node that the tests run on', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
    const major = /\d+/.exec(devDependencies['node'] ?? '')?.[0];
    expect(/^ARG NODE_IMAGE=.*node:(\d+)-/m.exec(dockerfile)?.[1]).toBe(major);
  });

  it('lets no package run a script of its own, and takes no development package along', () => {
    expect(dockerfile).toContain('npm_config_ignore_scripts=true');
    expect(dockerfile).toContain('npm ci --omit=dev');
    expect(dockerfile).toContain('COPY --from=production /app/node_modules /out/node_modules');
    expect(runtime).toContain('COPY --from=pruned /out/node_modules node_modules');
  });

  it('is given all that it copies, and nothing that is not for it', () => {
    const ignored = read('.dockerignore').split('\n');
    expect(ignored).toContain('*');
    expect(ignored).toContain('**/.env*');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
      paths.split(' '),
    );
    expect(copied.length).toBeGreaterThan(8);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(copied.filter((path) => !ignored.includes(`!${path}`))).toEqual([]);
  });
});
