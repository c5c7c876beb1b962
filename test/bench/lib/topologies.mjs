// The built product as one process and as one a module, on the same real servers, with the same stub upstream.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { apiKey, authorization, root, start, tempDir } from './bench.mjs';

export const services = ['gateway', 'auth', 'chat', 'explore', 'admin', 'inference', 'notifications'];

/** @param postgres URL of the server, in which a database is made */
async function freshDatabase(postgres) {
  const name = `bench_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: postgres });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return Object.assign(new URL(postgres), { pathname: `/${name}` }).href;
}

/**
 * @param names entries: `parley` for all in one, or `services`
 * @returns url of the one with HTTP, and the process id of each
 */
export async function product(names, { postgres, rabbitmq, env }) {
  const dataDir = tempDir();
  const database = await freshDatabase(postgres);
  const common = {
    NODE_ENV: 'production',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: database,
    ...(names.length > 1 && { RABBITMQ_URL: rabbitmq }),
    AUTH_SECRET: randomBytes(32).toString('hex'),
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'info',
    HTTP_RATE_LIMIT: '10000000',
    AUTH_ADMIN_EMAIL: 'bench@example.org',
    AUTH_ADMIN_PASSWORD: 'a bench password',
    AUTH_API_KEY: apiKey,
    EXPLORE_AUTO_INSTALL: 'false',
    ...env,
  };
  const entry = (name) => join(root, name === 'parley' ? 'dist/src/main.js' : `dist/apps/${name}/main.js`);
  const processes = names.map((name) => ({
    name,
    ...start(process.execPath, [entry(name)], { pattern: /"url":"(http:[^"]+)"/, cwd: dataDir, env: common }),
  }));
  const [[, url]] = await Promise.all(processes.map(({ ready }) => ready));
  while (!(await fetch(`${url}/readyz`)).ok) await sleep(50);
  while ((await (await fetch(`${url}/v1/models`, { headers: authorization })).json()).data.length === 0)
    await sleep(50);
  return { url, pids: Object.fromEntries(processes.map(({ name, child }) => [name, child.pid])) };
}
