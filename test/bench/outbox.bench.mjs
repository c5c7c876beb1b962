// From a row of the outbox to the effect of a reaction in another process, over real PostgreSQL and RabbitMQ: how many
// events a second, against amqplib alone storing the same bytes with confirms; and the time from commit to effect.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import amqp from 'amqplib';
import pg from 'pg';
import { provideServices } from '../../scripts/services.mjs';
import { median, quantile, ratio, report, round, skip } from './lib/bench.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 10);
const EVENTS = 2_000;
/** Until both processes have compiled what they do. */
const WARM_UP = 3;
const WINDOW = 100;
/** One commit each so many milliseconds, when latency is measured. */
const PAUSE_MS = 5;
const COMMITS = 1_000;

const services = await provideServices(['postgres', 'rabbitmq']);
const { TEST_POSTGRES_URL: postgres, TEST_RABBITMQ_URL: rabbitmq } = services.env;
if (!postgres || !rabbitmq) skip(services.missing.join('; '));
const name = `bench_${Date.now()}`;
const administration = new pg.Client({ connectionString: postgres });
await administration.connect();
await administration.query(`CREATE DATABASE ${name}`);
await administration.end();
Object.assign(process.env, {
  NODE_ENV: 'production',
  BENCH_DATABASE_URL: Object.assign(new URL(postgres), { pathname: `/${name}` }).href,
  BENCH_RABBITMQ_URL: rabbitmq,
  BENCH_CONCURRENCY: '16',
});

const { connect, Happened, now, text } = await import('./lib/outbox-side.mjs');
const { EventStore, migrate } = await import('../../dist/libs/persistence/src/index.js');
const { Outbox } = await import('../../dist/libs/messaging/src/outbox.js');
const { OutboxRelay } = await import('../../dist/libs/messaging/src/outbox-relay.js');

const { db, transport } = await connect('relay');
await migrate(db);
const events = new EventStore(db);
const relay = new OutboxRelay(new Outbox(db), transport, { lead: (elected) => db.lead('outbox', elected) });
events.onStored(() => relay.wake());

/** When the effect of event n was committed. */
const effects = new Map();
let seen = () => undefined;
const consumer = fork(join(import.meta.dirname, 'lib/outbox-consumer.mjs'), { stdio: 'inherit' });
consumer.on('message', (done) => {
  for (const [n, at] of done) effects.set(n, at);
  seen();
});
const untilSeen = (count) =>
  new Promise((resolve) => {
    seen = () => effects.size >= count && resolve();
    seen();
  });

const raw = await amqplibAlone();
let count = 0;
const happened = () => ({ type: Happened.type, data: { n: count++, text } });

const rates = { ours: [], alone: [] };
for (let turn = 0; turn < WARM_UP + ROUNDS; turn++) {
  // Stored while nobody publishes, so that only the way from the outbox on is measured.
  for (let stored = 0; stored < EVENTS; stored += WINDOW)
    await events.append('bench', 'any', Array.from({ length: WINDOW }, happened));
  const began = now();
  relay.start();
  await untilSeen(count);
  const ended = Math.max(...Array.from({ length: EVENTS }, (_, at) => effects.get(count - 1 - at)));
  await relay.stop();
  const rate = (EVENTS * 1000) / (ended - began);
  const alone = await raw.publish();
  if (turn < WARM_UP) continue;
  rates.ours.push(rate);
  rates.alone.push(alone);
}

relay.start();
await sleep(200);
const committed = new Map();
for (let n = 0; n < COMMITS + 100; n++) {
  const event = happened();
  await events.append('bench', 'any', [event]);
  if (n >= 100) committed.set(event.data.n, now());
  await sleep(PAUSE_MS);
}
await untilSeen(count);
const waits = [...committed].map(([n, at]) => effects.get(n) - at);
report('From the outbox to the inbox', [
  {
    name: `events a second, ${EVENTS} at once`,
    outbox: round(median(rates.ours), 0),
    'amqplib with confirms': round(median(rates.alone), 0),
    ratio: `${ratio(rates.ours, rates.alone)} (≥ 0.25)`,
  },
]);
console.log(
  `commit to effect, one each ${PAUSE_MS} ms: p50 ${round(median(waits), 1)} ms, p99 ${round(quantile(waits, 0.99), 1)} ms (≤ 50)`,
);
consumer.disconnect();
await once(consumer, 'exit');
await services.stop();
process.exit(0);

/** The same bytes into a quorum queue, each confirmed, as many under way at once. */
async function amqplibAlone() {
  const connection = await amqp.connect(rabbitmq, { noDelay: true });
  connection.on('error', () => undefined);
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange('bench.raw-events', 'topic', { durable: true });
  await channel.assertQueue('bench.raw-events', {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-max-length': 10_000 },
  });
  await channel.bindQueue('bench.raw-events', 'bench.raw-events', Happened.type);
  const envelope = () => ({
    id: randomUUID(),
    type: Happened.type,
    source: 'bench',
    time: new Date().toISOString(),
    correlationid: randomUUID(),
    data: { n: 0, text },
  });
  return {
    async publish() {
      const began = now();
      for (let sent = 0; sent < EVENTS; sent += WINDOW) {
        for (let at = 0; at < WINDOW; at++)
          channel.publish('bench.raw-events', Happened.type, Buffer.from(JSON.stringify(envelope())), {
            persistent: true,
          });
        await channel.waitForConfirms();
      }
      return (EVENTS * 1000) / (now() - began);
    },
  };
}
