import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NetworkPath, writeTinyGguf } from '@app/testing';
import { describe, expect, it, onTestFailed, onTestFinished } from 'vitest';
import type { MessageView } from '../../src/chat/contracts/index.js';
import type { InstallView } from '../../src/explore/contracts/index.js';
import { type Client, HttpError, Reader } from '../support/client.js';
import { admin } from '../support/parley.js';
import { throwAwayServers } from '../support/throw-away.js';
import { prepareDataDir, startTiny, until } from '../support/tiny-server.js';
import { backboneOf, processNames, split } from '../support/topology.js';
import { breakThings } from './faults.js';
import { type Verdict, verdictOf } from './verdict.js';

/** `CHAOS_FAULTS=200 npm test -- --only chaos-split` is the long run; `CHAOS_SEED` repeats one. */
const FAULTS = Number(process.env['CHAOS_FAULTS'] ?? 14);
/** Some 3 s a fault on two quiet cores; the limit is that of a busy machine. */
const LIMIT_MS = 240_000 + FAULTS * 8_000;
const CLIENTS = 20;
/** Between two questions of one client: twenty that never rest would take the cores from the processes that start. */
const REST_MS = 400;
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

/** Requests that a client had to repeat, by what it was told. */
type Retries = Record<string, number>;

/** Does it again until the product takes it; what it refuses for good is thrown. */
async function insist<T>(attempt: () => Promise<T>, retries: Retries): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof HttpError && error.status < 500) throw error;
      const reason = error instanceof HttpError ? (error.body.code ?? String(error.status)) : 'no connection';
      retries[reason] = (retries[reason] ?? 0) + 1;
      await sleep(100);
    }
  }
}

// They are ended and started again in the middle, so they are this test's own.
const servers = split ? await throwAwayServers() : null;
if (split && !servers) console.warn('SKIPPED: needs PostgreSQL, RabbitMQ and Redis as programs of this machine');

describe.skipIf(!servers)('the product as one process a module, while anything may die', () => {
  it(`loses nothing and doubles nothing over ${FAULTS} faults (seed ${seed})`, { timeout: LIMIT_MS }, async () => {
    if (!servers) return;
    Object.assign(process.env, servers.postgres.env, servers.rabbitmq.env, servers.redis.env);
    const dataDir = await prepareDataDir({ kind: 'random', width: 64, layers: 2 });
    for (const n of [1, 2, 3]) await writeTinyGguf(join(dataDir, `offered/extra-${n}.gguf`), { words: [`model ${n}`] });
    const backbone = await backboneOf(dataDir);
    const paths = new Map<string, NetworkPath>();
    for (const name of processNames) paths.set(name, await NetworkPath.to(backbone.env['RABBITMQ_URL']!));
    const { parley, client } = await startTiny({
      dataDir,
      env: { HTTP_RATE_LIMIT: '10000000', INFERENCE_PARALLEL: '8', AUTH_ACCESS_TTL_SECONDS: '86400' },
      envOf: (name) => ({ RABBITMQ_URL: paths.get(name)!.url }),
    });

    onTestFailed(() =>
      console.log(
        parley.log
          .filter((line) => /"level":"?(warn|error|fatal|[456]0)/.test(line))
          .slice(-100)
          .join('\n'),
      ),
    );
    onTestFinished(async () => {
      await parley.kill('SIGKILL');
      for (const path of paths.values()) path.cut();
      await Promise.all(Object.values(servers).map(({ stop }) => stop()));
      rmSync(dataDir, { recursive: true, force: true });
    });
    const { accessToken } = await client.post<{ accessToken: string }>('/api/auth/sign-in', admin);

    const retries: Retries = {};
    let stopped = false;
    const turns: Turn[] = [];
    const chats = Array.from({ length: CLIENTS }, async (_, n) => {
      for (; !stopped; await sleep(Math.random() * REST_MS))
        await chatOnce(client, n, retries, (turn) => turns.push(turn));
    });
    let installs = 0;
    const installing = (async () => {
      for (; !stopped; await sleep(REST_MS)) installs += await installAndRemove(client, 1 + (installs % 3), retries);
    })();

    const began = Date.now();
    const faults = await breakThings({ parley, servers, paths, accessToken }, FAULTS, random, (fault, ms) =>
      console.log(`${((Date.now() - began) / 1000).toFixed(0)} s: ${fault}, all answer after ${ms} ms`),
    );
    stopped = true;
    const reading = setInterval(() => {
      const open = turns
        .filter(({ reader }) => !reader.done)
        .map(({ answer, reader }) => `${answer.id} at ${reader.lastId}`);
      console.log(`still reading: ${open.join(', ') || 'nobody'}`);
    }, 10_000);
    await Promise.all([...chats, installing]).finally(() => clearInterval(reading));

    const streams = { lost: 0, unfinished: 0, gapsOrRepeats: 0, otherThanStored: 0, reconnects: 0 };
    for (const { id, answer, reader } of turns) {
      const { messages } = await insist(() => client.conversation(answer.conversationId), retries);
      if (messages.map((message) => message.id).join() !== [id, answer.id].join()) streams.lost++;
      if (messages[1]?.status !== 'complete') streams.unfinished++;
      if (messages[1]?.text !== reader.text) streams.otherThanStored++;
      streams.gapsOrRepeats += reader.breaches.length;
      streams.reconnects += reader.reconnects;
    }
    const settled = await untilSettled(backbone.databaseUrl, new URL(backbone.env['RABBITMQ_URL']!).pathname.slice(1));
    console.table(faults);
    console.log(`accepted messages: ${turns.length} of ${CLIENTS} clients, installs: ${installs}`, streams);
    console.log('requests tried again, by reason:', retries);
    console.log('in the end:', settled);

    expect(streams).toMatchObject({ lost: 0, unfinished: 0, gapsOrRepeats: 0, otherThanStored: 0 });
    expect(wrongIn(settled)).toEqual({});
    expect(parley.names.filter((name) => !parley.process(name).running)).toEqual([]);
    expect((await fetch(`${parley.url}/readyz`)).status).toBe(200);
    expect(await parley.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});

/** What should be zero and is not. */
const wrongIn = ({ events: _events, deliveries: _deliveries, ...zeros }: Verdict) =>
  Object.fromEntries(Object.entries(zeros).filter(([, count]) => count !== 0));

/** The verdict as soon as nothing is under way any more; as it is after two minutes if something stays, and said meanwhile. */
async function untilSettled(databaseUrl: string, vhost: string): Promise<Verdict> {
  const end = Date.now() + 120_000;
  for (let look = 1; ; await sleep(500), look++) {
    const verdict = await verdictOf(databaseUrl, vhost);
    if (look % 20 === 0) console.log('not settled:', wrongIn(verdict));
    if (Date.now() > end || Object.keys(wrongIn(verdict)).length === 0) return verdict;
  }
}

/** A question, and its answer read to the end over however many connections that takes. */
async function chatOnce(client: Client, n: number, retries: Retries, accepted: (turn: Turn) => void): Promise<void> {
  const conversationId = randomUUID();
  const id = randomUUID();
  await insist(() => client.start({ id: conversationId }), retries);
  const sampler = { temperature: 0, maxTokens: 40 + 10 * (n % 5) };
  const { answer } = await insist(
    () => client.send(conversationId, { id, text: `Client ${n} asks`, sampler }),
    retries,
  );
  const reader = new Reader();
  accepted({ id, answer, reader });
  await reader.read(async () => {
    if (reader.reconnects > 0) await sleep(50);
    return client;
  }, answer);
}

async function installAndRemove(client: Client, n: number, retries: Retries): Promise<number> {
  const catalogueId = `folder:extra-${n}.gguf`;
  const install = await insist(() => client.post<InstallView>('/api/explore/installs', { catalogueId }), retries);
  const done = await until(async () => {
    const view = await insist(() => client.get<InstallView>(`/api/explore/installs/${install.id}`), retries);
    return ['installed', 'failed', 'cancelled'].includes(view.status) && view;
  }, 4_000);
  expect(done).toMatchObject({ status: 'installed' });
  const { items } = await insist(
    () => client.get<{ items: { id: string; catalogueId?: string; name: string }[] }>('/api/explore/models'),
    retries,
  );
  const model = items.find((candidate) => candidate.name.includes(`extra-${n}`));
  if (model) {
    await insist(
      () =>
        client.request('DELETE', `/api/explore/models/${model.id}`).catch((error: unknown) => {
          if (!(error instanceof HttpError && error.status === 404)) throw error;
        }),
      retries,
    );
  }
  return 1;
}
