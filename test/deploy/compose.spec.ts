import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../architecture/cruise.js';
import { type ComposeFile, composeFile, composeOf, RequiredVariable } from './compose.js';
import { problemsOfEnvironment, read, serviceNames, startsWhatTheBuildMakes } from './services.js';

const split = 'docker-compose.yml';
const single = 'docker-compose.single.yml';

/** What the script for it prints. */
const secrets = (): Record<string, string> => {
  const { stdout } = spawnSync('sh', ['docker/secrets.sh', 'compose'], { cwd: root, encoding: 'utf8' });
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=', 2)),
  ) as Record<string, string>;
};
const files: Record<string, ComposeFile> = {
  [split]: composeFile(split, secrets()),
  [single]: composeFile(single, {}),
};
const all = Object.entries(files).flatMap(([path, { services }]) =>
  Object.entries(services).map(([name, service]) => ({ path, name, service })),
);
const ours = all.filter(({ service }) => service.image.startsWith('parley'));

describe.each([split, single])('%s', (path) => {
  it('names volumes and networks that it has, and uses those that it names', () => {
    const { services, volumes = {}, networks = {} } = files[path]!;
    const used = Object.values(services).flatMap((service) => service.volumes ?? []);
    expect(new Set(used.map((volume) => volume.split(':')[0]))).toEqual(new Set(Object.keys(volumes)));
    const joined = new Set(Object.values(services).flatMap((service) => service.networks ?? []));
    expect([...joined].toSorted()).toEqual(Object.keys(networks).toSorted());
  });
});

describe('the check of a file', () => {
  const service = { image: 'parley', restart: 'always' };
  const file = { name: 'parley', services: { parley: service } };

  it('leaves out fields of ours', () => {
    expect(composeOf({ ...file, 'x-settings': {} })).toEqual(file);
  });

  it.each([
    ['an attribute that Compose does not know', { restarts: 'always' }],
    ['a value that Compose refuses', { restart: 'sometimes' }],
    ['a time without a unit', { stop_grace_period: '30' }],
    ['a wait for something that never comes', { depends_on: { db: { condition: 'ready' } } }],
  ])('refuses %s', (_, change) => {
    expect(() => composeOf({ ...file, services: { parley: { ...service, ...change } } })).toThrow(
      /invalid|unrecognized/i,
    );
  });
});

describe('every container', () => {
  it.each(all)('$name of $path is watched, limited, and started again', ({ service }) => {
    expect(service.healthcheck?.test[0]).toMatch(/^CMD/);
    expect(service.restart).toBe('unless-stopped');
    const { cpus, memory } = service.deploy!.resources.limits;
    expect(Number(cpus)).toBeGreaterThan(0);
    expect(memory).toMatch(/^\d+[MG]$/);
  });

  it.each(ours)('$name of $path starts what the build makes, with settings that it takes', ({ service }) => {
    expect(startsWhatTheBuildMakes(service.command as string[])).toBe(true);
    expect(problemsOfEnvironment(service.environment ?? {})).toEqual([]);
  });

  it.each(ours)('$name of $path can change nothing but its volumes', ({ service }) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it.each(ours)('$name of $path gets more time to end than it takes', ({ service }) => {
    const grace = Number(service.environment?.['SHUTDOWN_GRACE_MS']) / 1000;
    expect(Number.parseInt(service.stop_grace_period ?? '0')).toBeGreaterThan(grace + 5);
  });

  it.each(ours)('$name of $path has more memory than it may load models into', ({ service }) => {
    const limit = service.deploy!.resources.limits.memory;
    const mib = Number.parseInt(limit) * (limit.endsWith('G') ? 1024 : 1);
    expect(Number(service.environment?.['INFERENCE_MEMORY_MIB'] ?? 0)).toBeLessThanOrEqual(mib - 512);
  });
});

describe('docker-compose.yml', () => {
  const { services, networks } = files[split]!;

  it('has each service of the split, from one image that one of them builds', () => {
    const names = ours.filter(({ path }) => path === split).map(({ name }) => name);
    expect(names.toSorted()).toEqual(serviceNames.toSorted());
    expect(new Set(names.map((name) => services[name]!.image)).size).toBe(1);
    expect(names.filter((name) => services[name]!.build)).toEqual(['gateway']);
    for (const name of names) expect(services[name]!.command).toEqual(['node', `dist/apps/${name}/main.js`]);
  });

  it('refuses to start without secrets, and says how to make them', () => {
    const given = secrets();
    for (const name of ['POSTGRES_PASSWORD', 'RABBITMQ_PASSWORD', 'REDIS_PASSWORD', 'AUTH_SECRET']) {
      const without = () => composeFile(split, { ...given, [name]: '' });
      expect(without).toThrow(RequiredVariable);
      expect(without).toThrow(`${name}: make one with sh docker/secrets.sh compose`);
    }
  });

  it('makes new secrets each time', () => {
    expect(secrets()['AUTH_SECRET']).not.toBe(secrets()['AUTH_SECRET']);
  });

  it('has the same secrets on both ends', () => {
    const { DATABASE_URL, RABBITMQ_URL, REDIS_URL } = services['chat']!.environment!;
    const at = (url: string | undefined) => new URL(url!);
    const password = (name: string, variable: string) => services[name]!.environment![variable];
    expect(at(DATABASE_URL)).toMatchObject({
      host: 'postgres:5432',
      password: password('postgres', 'POSTGRES_PASSWORD'),
    });
    expect(at(RABBITMQ_URL)).toMatchObject({
      host: 'rabbitmq:5672',
      password: password('rabbitmq', 'RABBITMQ_DEFAULT_PASS'),
    });
    expect(at(REDIS_URL)).toMatchObject({ host: 'redis:6379', password: password('redis', 'REDIS_PASSWORD') });
  });

  it('shows the gateway, and on this machine alone the caught e-mails; nothing else', () => {
    const shown = Object.entries(services).flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    expect(shown).toEqual(['gateway 127.0.0.1:3000:3000', 'mailpit 127.0.0.1:8025:8025']);
    expect(networks!['backbone']).toEqual({ internal: true });
    for (const name of ['postgres', 'rabbitmq', 'redis']) expect(services[name]!.networks).toEqual(['backbone']);
  });

  it('waits for what a service needs until it is healthy', () => {
    for (const name of serviceNames) {
      const needed = services[name]!.depends_on!;
      expect(Object.values(needed).every(({ condition }) => condition === 'service_healthy')).toBe(true);
      expect(Object.keys(needed)).toEqual(expect.arrayContaining(['postgres', 'rabbitmq', 'redis']));
    }
    const others = serviceNames.filter((name) => name !== 'gateway');
    expect(Object.keys(services['gateway']!.depends_on!)).toEqual(expect.arrayContaining(others));
  });

  it('gives model files to the services that handle them, to the one that delivers them for reading, and to no other', () => {
    const holding = serviceNames.filter((name) => services[name]!.volumes?.includes('models:/data/models'));
    expect(holding.toSorted()).toEqual(['explore', 'inference']);
    const reading = serviceNames.filter((name) => services[name]!.volumes?.includes('models:/data/models:ro'));
    expect(reading).toEqual(['gateway']);
    const keyed = serviceNames.filter((name) => 'S3_SECRET_ACCESS_KEY' in services[name]!.environment!);
    expect(keyed.toSorted()).toEqual(['explore', 'gateway', 'inference']);
  });

  it('passes on every setting that it reads from .env under its own name', () => {
    const raw = parse(read(split), { merge: true }) as { services: Record<string, { environment?: object }> };
    for (const name of serviceNames) {
      for (const [setting, value] of Object.entries(raw.services[name]?.environment ?? {})) {
        const variable = /^\$\{(\w+)/.exec(String(value))?.[1];
        if (variable) expect(variable).toBe(setting);
      }
    }
  });
});
