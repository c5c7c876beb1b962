import { setTimeout as sleep } from 'node:timers/promises';
import type { NetworkPath } from '@app/testing';
import type { Parley } from '../support/parley.js';
import type { ThrowAway } from '../support/throw-away.js';

export type Server = 'postgres' | 'rabbitmq' | 'redis';

/** All that can be broken. */
export interface Breakable {
  parley: Parley;
  servers: Record<Server, ThrowAway>;
  /** The way of each process to RabbitMQ. */
  paths: ReadonlyMap<string, NetworkPath>;
  /** Of a signed-in administrator, who may look at everything. */
  accessToken: string;
}

/** How often a kind of fault happened, and the longest that it took until every service answered again, with nobody's help. */
export type Faults = Record<string, { faults: number; longestRecoveryMs: number }>;

/** A fault happens at once when `strike` is called, and is over (a process starts again, a path is healed) when it resolves. */
interface Fault {
  kind: string;
  target: string;
  strike(): Promise<unknown>;
}

/** What answers only when the gateway, all six services, the database and the broker do. */
const looks = [
  '/readyz',
  '/api/auth/setup',
  '/api/conversations?limit=1',
  '/api/models',
  '/api/explore/models',
  '/api/admin/instances',
  '/api/notifications',
];
const LOOK_MS = 50;
const ANSWER_WITHIN_MS = 5_000;
const RECOVERS_WITHIN_MS = 120_000;

/**
 * Each process in turn is killed, then anything at random, two at once every now and then. The next fault comes as soon as
 * everything answers again.
 */
export async function breakThings(
  breakable: Breakable,
  count: number,
  random: (below: number) => number,
  told: (fault: string, recoveryMs: number) => void,
): Promise<Faults> {
  const faults: Faults = {};
  const inTurn = breakable.parley.names;
  for (let done = 0; done < count;) {
    const first = inTurn[done];
    const struck = [first === undefined ? anyFault(breakable, random) : killing(breakable, first)];
    if (first === undefined && done + 1 < count && random(4) === 0) {
      const second = anyFault(breakable, random);
      if (second.target !== struck[0]!.target) struck.push(second);
    }
    const began = performance.now();
    await Promise.all(struck.map((fault) => fault.strike()));
    await untilAllAnswer(breakable);
    const ms = Math.round(performance.now() - began);
    for (const { kind, target } of struck) {
      const { faults: before, longestRecoveryMs } = (faults[kind] ??= { faults: 0, longestRecoveryMs: 0 });
      faults[kind] = { faults: before + 1, longestRecoveryMs: Math.max(longestRecoveryMs, ms) };
      told(`${kind} (${target})`, ms);
    }
    done += struck.length;
    // The next one comes while some work is under way again.
    await sleep(random(400));
  }
  return faults;
}

function anyFault(breakable: Breakable, random: (below: number) => number): Fault {
  const { names } = breakable.parley;
  const name = names[random(names.length)]!;
  const kind = random(100);
  if (kind < 68) return killing(breakable, name);
  if (kind < 80) return cutting(breakable, name, 200 + random(800));
  return restarting(breakable, kind < 87 ? 'redis' : kind < 94 ? 'postgres' : 'rabbitmq');
}

const killing = ({ parley }: Breakable, name: string): Fault => ({
  kind: `kill ${name}`,
  target: name,
  strike: () => parley.restart(name),
});

const cutting = ({ paths }: Breakable, name: string, ms: number): Fault => ({
  kind: 'cut a path to RabbitMQ',
  target: name,
  async strike() {
    const path = paths.get(name)!;
    path.cut();
    await sleep(ms);
    await path.heal();
  },
});

const restarting = ({ servers }: Breakable, server: Server): Fault => ({
  kind: `kill ${server}`,
  target: server,
  strike: () => servers[server].stop.restart(),
});

async function untilAllAnswer({ parley, accessToken }: Breakable): Promise<void> {
  const last: Record<string, string> = {};
  const answers = async (path: string) => {
    const headers = { authorization: `Bearer ${accessToken}` };
    const response = await fetch(parley.url + path, { headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    last[path] = `${response.status} ${await response.text()}`;
    return response.ok;
  };
  let left = looks;
  for (const end = Date.now() + RECOVERS_WITHIN_MS; Date.now() < end; await sleep(LOOK_MS)) {
    const failed = (path: string) => (error: Error) => void (last[path] = error.message);
    const fine = await Promise.all(left.map((path) => answers(path).catch(failed(path))));
    left = left.filter((_, at) => !fine[at]);
    if (left.length === 0) return;
  }
  throw new Error(`does not come back: ${left.map((path) => `${path} (${last[path]})`).join(', ')}`);
}
