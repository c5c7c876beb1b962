import { parse } from 'yaml';
import { read } from './services.js';

/** A Compose service as far as the tests look. */
export interface ComposeService {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: string[] | string;
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  restart?: string;
  stop_grace_period?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  deploy?: { resources: { limits: { cpus: string; memory: string; pids?: number } } };
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  volumes?: Record<string, unknown>;
  networks?: Record<string, { internal?: boolean } | null>;
}

/** A variable that the file cannot do without. */
export class RequiredVariable extends Error {}

/**
 * A Compose file with its variables filled in, as `docker compose config` does it.
 *
 * @throws RequiredVariable for `${NAME:?message}` that is not in `env`
 */
export function composeFile(path: string, env: Record<string, string>): ComposeFile {
  return fillIn(parse(read(path), { merge: true }), env) as ComposeFile;
}

function fillIn(value: unknown, env: Record<string, string>): unknown {
  if (typeof value === 'string') return interpolate(value, env);
  if (Array.isArray(value)) return value.map((item) => fillIn(item, env));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, env)]));
}

function interpolate(text: string, env: Record<string, string>): string {
  return text.replaceAll(/\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g, (all, name?: string, how?: string, rest = '') => {
    if (name === undefined) return '$';
    if (env[name]) return env[name];
    if (how === '?') throw new RequiredVariable(`${name}: ${rest}`);
    if (how === '-') return rest as string;
    throw new Error(`${all} has neither a default nor a message`);
  });
}
