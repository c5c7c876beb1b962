// Services that the suites need: what is already there, else Docker Compose, else Debian packages, else a loud skip.
import { run, succeeds } from './lib/run.mjs';
import { say } from './lib/say.mjs';
import { chromium } from './services/chromium.mjs';
import { kustomize } from './services/kustomize.mjs';
import { postgres } from './services/postgres.mjs';
import { rabbitmq } from './services/rabbitmq.mjs';
import { redis } from './services/redis.mjs';
import { s3 } from './services/s3.mjs';

/**
 * @typedef {object} Provided
 * @property {Record<string, string>} env what tells the tests about it
 * @property {string} how one line for people
 * @property {(() => void | Promise<void>) & { restart?: () => Promise<void> }} [stop]
 *
 * A service says how it can be had. Each way answers with null when it is none on this machine.
 * @typedef {object} Service
 * @property {string} name
 * @property {string} without what cannot be tested without it
 * @property {string[]} packages Debian packages that bring it; empty when there is none
 * @property {() => Promise<Provided | null>} atAddress what the environment points to
 * @property {(compose: Compose) => Promise<Provided | null>} [inCompose]
 * @property {() => Promise<Provided | null>} installed from programs on this machine
 *
 * @typedef {(args: string[]) => Promise<{ code: number, output: string }>} Compose
 */

/** @type {Record<string, Service>} */
const services = { postgres, rabbitmq, redis, s3, chromium, kustomize };

/**
 * Provides these services.
 * @param {string[]} names
 * @returns {Promise<{ env: Record<string, string>, missing: string[], stop: () => Promise<void> }>}
 */
export async function provideServices(names) {
  const found = new Map();
  const missing = () => names.filter((name) => !found.has(name)).map((name) => [name, services[name]]);
  const look = async (how) => {
    for (const [name, service] of missing()) {
      const provided = await how(service);
      if (!provided) continue;
      found.set(name, provided);
      say(`${service.name}: ${provided.how}`);
    }
  };

  await look((service) => service.atAddress());
  const composed = missing().some(([, service]) => service.inCompose) && (await dockerAnswers());
  if (composed) await look((service) => service.inCompose?.(compose) ?? null);
  await look((service) => service.installed());
  const packages = missing().flatMap(([, service]) => service.packages);
  if (packages.length > 0 && (await installPackages(packages))) await look((service) => service.installed());

  return {
    env: Object.assign({}, ...[...found.values()].map(({ env }) => env)),
    missing: missing().map(([, { name, without }]) => `${name} is not to be had here, so not tested: ${without}`),
    stop: async () => {
      await Promise.all([...found.values()].map(({ stop }) => stop?.()));
      if (composed) await compose(['down', '--volumes', '--timeout', '2']);
    },
  };
}

const compose = (args) => run('docker', ['compose', '-f', 'docker-compose.test.yml', ...args], { quiet: true });

const dockerAnswers = () => succeeds('docker', ['info'], { limitMs: 5_000 });

/** As root on Debian; elsewhere a person decides what to install. */
async function installPackages(packages) {
  if (process.getuid?.() !== 0 || !(await succeeds('apt-get', ['--version']))) return false;
  say(`installing ${packages.join(' ')} (apt-get) …`);
  const options = { quiet: true, limitMs: 600_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const { code, output } = await run('apt-get', args, options);
    if (code === 0) continue;
    say(`apt-get ${args[0]} failed:\n${output.trim()}`);
    return false;
  }
  return true;
}
