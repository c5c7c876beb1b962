import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** `TOPOLOGY=split` runs the product as one process a module over real servers; otherwise it is one process. */
export const split = process.env['TOPOLOGY'] === 'split';

/** The processes of the product in this topology, the one with HTTP first. */
export const processNames = split
  ? (['gateway', 'auth', 'chat', 'explore', 'admin', 'inference', 'notifications'] as const)
  : (['parley'] as const);

export const entryOf = (name: string): string => (name === 'parley' ? 'dist/src/main.js' : `dist/apps/${name}/main.js`);

/** Where the processes meet: a database and a virtual host of their own. */
export interface Backbone {
  env: Record<string, string>;
  databaseUrl: string;
}

const backbones = new Map<string, Promise<Backbone>>();

/** The one that belongs to a data folder, made when it is first asked for. */
export function backboneOf(dataDir: string): Promise<Backbone> {
  let backbone = backbones.get(dataDir);
  if (!backbone) backbones.set(dataDir, (backbone = makeBackbone()));
  return backbone;
}

/** Of sixteen, half for each of two files that run at the same time. */
const redisDatabase = () => (Number(process.env['VITEST_POOL_ID'] ?? 0) % 2) * 8 + (backbones.size % 8);

async function makeBackbone(): Promise<Backbone> {
  const name = `e2e_${randomBytes(6).toString('hex')}`;
  const postgres = required('TEST_POSTGRES_URL');
  const client = new pg.Client({ connectionString: postgres });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  await broker('PUT', `/api/vhosts/${name}`);
  const { username } = new URL(required('TEST_RABBITMQ_URL'));
  await broker('PUT', `/api/permissions/${name}/${username}`, { configure: '.*', write: '.*', read: '.*' });
  const database = Object.assign(new URL(postgres), { pathname: `/${name}` });
  const rabbitmq = Object.assign(new URL(required('TEST_RABBITMQ_URL')), { pathname: `/${name}` });
  const redis = process.env['TEST_REDIS_URL'];
  return {
    databaseUrl: database.href,
    env: {
      DATABASE_URL: database.href,
      RABBITMQ_URL: rabbitmq.href,
      AUTH_SECRET: randomBytes(32).toString('hex'),
      ...(redis && { REDIS_URL: `${redis}/${redisDatabase()}` }),
    },
  };
}

/** A call of RabbitMQ's management API. */
export async function broker<T>(method: string, path: string, body?: unknown): Promise<T | undefined> {
  const { origin, username, password } = new URL(required('TEST_RABBITMQ_API_URL'));
  const response = await fetch(origin + path, {
    method,
    headers: { authorization: `Basic ${btoa(`${username}:${password}`)}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  const text = await response.text();
  return text === '' ? undefined : (JSON.parse(text) as T);
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`TOPOLOGY=split needs ${name}; npm run e2e provides it`);
  return value;
}
