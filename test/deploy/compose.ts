import { parse } from 'yaml';
import { z } from 'zod';
import { read } from './services.js';

const text = z.string().min(1);
const duration = z.string().regex(/^(\d+(ms|s|m|h))+$/);
const size = z.string().regex(/^\d+(b|k|m|g|K|M|G|kb|mb|gb)$/);
const cpus = z.string().regex(/^\d+(\.\d+)?$/);
/** `[address:]published:target`, as the Compose Specification has it. */
const port = z.string().regex(/^(\d{1,3}(\.\d{1,3}){3}:)?\d+:\d+$/);
const mount = z.string().regex(/^[\w./-]+:\/[\w./-]*(:ro|:rw)?$/);

/** A Compose service, with the attributes of the Compose Specification that our files use and no others. */
const ComposeService = z.strictObject({
  image: text,
  build: z.strictObject({ context: text, dockerfile: text }).optional(),
  pull_policy: z.enum(['always', 'missing', 'never', 'build']).optional(),
  command: z.union([text, z.array(text)]).optional(),
  hostname: text.optional(),
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).optional(),
  ports: z.array(port).optional(),
  volumes: z.array(mount).optional(),
  tmpfs: z.array(z.string().startsWith('/')).optional(),
  shm_size: size.optional(),
  networks: z.array(text).optional(),
  depends_on: z
    .record(
      text,
      z.strictObject({
        condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']),
      }),
    )
    .optional(),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.enum(['CMD', 'CMD-SHELL'])], text),
      interval: duration,
      timeout: duration,
      start_period: duration.optional(),
      start_interval: duration.optional(),
      retries: z.int().positive(),
    })
    .optional(),
  restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']).optional(),
  stop_grace_period: duration.optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(text).optional(),
  security_opt: z.array(text).optional(),
  logging: z.strictObject({ driver: text, options: z.record(text, z.string()) }).optional(),
  deploy: z
    .strictObject({
      resources: z.strictObject({
        limits: z.strictObject({ cpus, memory: size, pids: z.int().positive().optional() }),
        reservations: z.strictObject({ cpus: cpus.optional(), memory: size.optional() }).optional(),
      }),
    })
    .optional(),
});
export type ComposeService = z.infer<typeof ComposeService>;

const ComposeFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
  services: z.record(text, ComposeService),
  volumes: z.record(text, z.null()).optional(),
  networks: z.record(text, z.strictObject({ internal: z.boolean() }).nullable()).optional(),
});
export type ComposeFile = z.infer<typeof ComposeFile>;

/** A variable that the file cannot do without. */
export class RequiredVariable extends Error {}

/**
 * A Compose file with its variables filled in, as `docker compose config` does it.
 *
 * Fields of ours (`x-…`) are left out.
 *
 * @throws ZodError for an attribute that the Compose Specification does not have there, or a value that it refuses
 * @throws RequiredVariable for `${NAME:?message}` that is not in `env`
 */
export function composeFile(path: string, env: Record<string, string>): ComposeFile {
  const all = fillIn(parse(read(path), { merge: true }), env) as Record<string, unknown>;
  return composeOf(all);
}

/** The same of a file that is parsed and filled in already. */
export function composeOf(file: Record<string, unknown>): ComposeFile {
  return ComposeFile.parse(Object.fromEntries(Object.entries(file).filter(([key]) => !key.startsWith('x-'))));
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
