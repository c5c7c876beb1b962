import { say } from './say.mjs';
import { listens } from './throw-away.mjs';

/**
 * A server that an environment variable points to, if it can be reached.
 * @param {string} variable holds a URL
 * @param {number} usualPort of a URL without one
 * @returns {Promise<import('../services.mjs').Provided | null>}
 */
export async function atVariable(variable, usualPort) {
  const url = process.env[variable];
  if (!url) return null;
  const { hostname, port } = new URL(url);
  if (await listens(hostname, Number(port || usualPort))) return { env: { [variable]: url }, how: hostname };
  say(`${variable}: nothing listens at ${hostname}:${port || usualPort}`);
  return null;
}

/**
 * A service of docker-compose.test.yml, started and healthy.
 * @param {import('../services.mjs').Compose} compose
 * @param {string} service its name in the file
 * @param {number} port inside the container
 * @param {(port: string) => Record<string, string>} env what tells the tests about it, by its port on 127.0.0.1
 * @returns {Promise<import('../services.mjs').Provided | null>}
 */
export async function inCompose(compose, service, port, env) {
  const started = await compose(['up', '--detach', '--wait', service]);
  const { output } = started.code === 0 ? await compose(['port', service, String(port)]) : started;
  const outside = /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
  if (started.code === 0 && outside) return { env: env(outside), how: 'in Docker Compose' };
  say(`Docker Compose could not start ${service}: ${output.trim().split('\n').at(-1)}`);
  return null;
}
