import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NetworkPath, writeTinyGguf } from '@app/testing';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { MessageView } from '../../src/chat/contracts/index.js';
import type { InstallView } from '../../src/explore/contracts/index.js';
import { queues } from '../../src/queues.js';
import { type Client, HttpError, Reader } from '../support/client.js';
import { Parley } from '../support/parley.js';
import { type ThrowAway, throwAwayServers } from '../support/throw-away.js';
import { prepareDataDir, startTiny, until } from '../support/tiny-server.js';
import { backboneOf, broker, split } from '../support/topology.js';

const FAULTS = Number(process.env['CHAOS_FAULTS'] ?? 24);
const CLIENTS = 20;
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
let state = seed;
const random = (below: number): number => {
  state = (state * 1_664_525 + 1_013_904_223) >>> 0;
  return (state >>> 8) % below;
};

interface Turn {
  id: string;
  answer: MessageView;
  reader: Reader;
}

/** Does it again until the product takes it; what it refuses for good is thrown. */
async function insist<T>(attempt: () => Promise<T>, tally: { retries: number }): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof HttpError && error.status < 500) throw error;
      tally.retries++;
      await sleep(100);
    }
  }
}

// They are ended and started again in the middle, so they are this test's own.
const servers = split ? await throwAwayServers() : null;
if (split && !servers) console.warn('SKIPPED: needs PostgreSQL, RabbitMQ and Redis as programs of this machine');

describe.skipIf(!servers)('the product as one process a module, while anything may die', () => {
  it(`loses nothing and doubles nothing over ${FAULTS} faults (seed ${seed})`, async () => {
    if (!servers) return;
    Object.assign(process.env, servers.postgres.env, servers.rabbitmq.env, servers.redis.env);
    const dataDir = await prepareDataDir({ kind: 'random', width: 64, layers: 2 });
    for (const n of [1, 2, 3]) await writeTinyGguf(join(dataDir, `offered/extra-${n}.gguf`), { words: [`model ${n}`] });
    const backbone = await backboneOf(dataDir);
    const names = ['gateway', 'auth', 'chat', 'explore', 'admin', 'inference', 'notifications'];
    const paths = new Map<string, NetworkPath>();
    for (const name of names) paths.set(name, await NetworkPath.to(backbone.env['RABBITMQ_URL']!));
    const { parley, client } = await startTiny({
      dataDir,
      env: { HTTP_RATE_LIMIT: '10000000', INFERENCE_PARALLEL: '8' },
      envOf: (name) => ({ RABBITMQ_URL: paths.get(name)!.url }),
    });

    const tally = { retries: 0 };
    let stopped = false;
    const turns: Turn[] = [];
    const chats = Array.from({ length: CLIENTS }, async (_, n) => {
      while (!stopped) turns.push(await chatOnce(client, n, tally));
    });
    let installs = 0;
    const installing = (async () => {
      while (!stopped) installs += await installAndRemove(client, 1 + (installs % 3), tally);
    })();

    const faults = await breakThings(parley, servers, paths, names);
    stopped = true;
    await Promise.all([...chats, installing]);
    console.log(`${turns.length} answers, ${installs} installs, ${tally.retries} requests tried again`);

    for (const { id, answer, reader } of turns) {
      const { messages } = await insist(() => client.conversation(answer.conversationId), tally);
      expect(messages.map((message) => message.id)).toEqual([id, answer.id]);
      expect(reader.breaches).toEqual([]);
      expect(messages[1]).toMatchObject({ status: 'complete', text: reader.text });
    }
    await everythingSettles(backbone.databaseUrl, new URL(backbone.env['RABBITMQ_URL']!).pathname.slice(1));
    expect(parley.names.filter((name) => !parley.process(name).running)).toEqual([]);
    expect((await fetch(`${parley.url}/readyz`)).status).toBe(200);
    console.log(`faults: ${JSON.stringify(faults)}; ${turns.length} answers of ${CLIENTS} clients whole, none twice`);

    await parley.kill('SIGTERM');
    for (const path of paths.values()) path.cut();
    await Promise.all(Object.values(servers).map(({ stop }) => stop()));
    rmSync(dataDir, { recursive: true, force: true });
  });
});

/** A question, and its answer read to the end over however many connections that takes. */
async function chatOnce(client: Client, n: number, tally: { retries: number }): Promise<Turn> {
  const conversationId = randomUUID();
  const id = randomUUID();
  await insist(() => client.start({ id: conversationId }), tally);
  const sampler = { temperature: 0, maxTokens: 40 + 10 * (n % 5) };
  const { answer } = await insist(() => client.send(conversationId, { id, text: `Client ${n} asks`, sampler }), tally);
  const reader = new Reader();
  await reader.read(async () => {
    if (reader.reconnects > 0) await sleep(50);
    return client;
  }, answer);
  return { id, answer, reader };
}

async function installAndRemove(client: Client, n: number, tally: { retries: number }): Promise<number> {
  const catalogueId = `folder:extra-${n}.gguf`;
  const install = await insist(() => client.post<InstallView>('/api/explore/installs', { catalogueId }), tally);
  const done = await until(async () => {
    const view = await insist(() => client.get<InstallView>(`/api/explore/installs/${install.id}`), tally);
    return ['installed', 'failed', 'cancelled'].includes(view.status) && view;
  }, 4_000);
  expect(done).toMatchObject({ status: 'installed' });
  const { items } = await insist(
    () => client.get<{ items: { id: string; catalogueId?: string; name: string }[] }>('/api/explore/models'),
    tally,
  );
  const model = items.find((candidate) => candidate.name.includes(`extra-${n}`));
  if (model) {
    await insist(
      () =>
        client.request('DELETE', `/api/explore/models/${model.id}`).catch((error: unknown) => {
          if (!(error instanceof HttpError && error.status === 404)) throw error;
        }),
      tally,
    );
  }
  return 1;
}

/** Each process in turn, then anything at random. */
async function breakThings(
  parley: Parley,
  servers: Record<'postgres' | 'rabbitmq' | 'redis', ThrowAway>,
  paths: Map<string, NetworkPath>,
  names: string[],
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const inTurn = [...names];
  for (let fault = 0; fault < FAULTS; fault++) {
    const name = inTurn.shift() ?? names[random(names.length)]!;
    const kind = fault < names.length ? 0 : random(100);
    const what =
      kind < 70 ? `kill ${name}` : kind < 82 ? 'path' : kind < 89 ? 'redis' : kind < 95 ? 'postgres' : 'rabbitmq';
    counts[what] = (counts[what] ?? 0) + 1;
    if (what.startsWith('kill')) await parley.restart(name);
    else if (what === 'path') {
      const path = paths.get(name)!;
      path.cut();
      await sleep(200 + random(800));
      await path.heal();
    } else await servers[what as 'postgres' | 'rabbitmq' | 'redis'].stop.restart();
    await sleep(random(300));
  }
  return counts;
}

/** Every event reached every reaction once, and no queue holds anything. */
async function everythingSettles(databaseUrl: string, vhost: string): Promise<void> {
  const db = new pg.Client({ connectionString: databaseUrl });
  await db.connect();
  const missing = async () => {
    const gaps: string[] = [];
    for (const { queue, types } of queues) {
      const { rows } = await db.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM platform.events e
         WHERE e.type = ANY($2) AND NOT EXISTS (SELECT 1 FROM platform.inbox i WHERE i.queue = $1 AND i.message_id = e.id)`,
        [queue, types],
      );
      if (rows[0]!.n > 0) gaps.push(`${queue}: ${rows[0]!.n} events not handled`);
    }
    const held = (await broker<{ name: string; messages?: number }[]>('GET', `/api/queues/${vhost}`)) ?? [];
    for (const { name, messages = 0 } of held) if (messages > 0) gaps.push(`${name} holds ${messages}`);
    return gaps;
  };
  await expect.poll(missing, { timeout: 90_000, interval: 1_000 }).toEqual([]);
  // One notification of each kind for each event and administrator: what reactions do, they did once.
  const { rows } = await db.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM (
       SELECT queue, message_id FROM platform.inbox GROUP BY 1, 2 HAVING count(*) > 1) AS twice`,
  );
  expect(rows[0]!.n).toBe(0);
  await db.end();
}
