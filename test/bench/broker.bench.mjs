// Requests and publishes through the RabbitMQ transport against amqplib alone doing the same on the same broker: a request
// and its reply by direct reply-to; events with publisher confirms into a quorum queue.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import amqp from 'amqplib';
import { RabbitMqTransport } from '../../dist/libs/messaging/src/rabbitmq/rabbitmq.transport.js';
import { provideServices } from '../../scripts/services.mjs';
import { median, quantile, ratio, report, round, skip } from './lib/bench.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 10);
const REQUESTS = 500;
const EVENTS = 2_000;
const WINDOW = 100;
Logger.overrideLogger(false);

const services = await provideServices(['rabbitmq']);
const url = services.env.TEST_RABBITMQ_URL;
if (!url) skip(services.missing.join('; '));
const envelope = (type) => ({
  id: randomUUID(),
  type,
  source: 'bench',
  time: new Date().toISOString(),
  correlationid: randomUUID(),
  data: { text: 'x'.repeat(512) },
});

const [server, client] = [new RabbitMqTransport({ url, service: 'a' }), new RabbitMqTransport({ url, service: 'b' })];
await Promise.all([server.start(), client.start()]);
await server.respond('bench.echo.v1', async ({ data }) => data);
const ours = {
  request: () => client.request(envelope('bench.echo.v1'), { timeoutMs: 10_000 }),
  publish: (count) => client.publish(Array.from({ length: count }, () => envelope('bench.thing.happened.v1'))),
};
const alone = await amqplibAlone();

const times = { ours: [], alone: [], all: [] };
const rates = { ours: [], alone: [] };
for (let turn = 0; turn <= ROUNDS; turn++) {
  for (const [name, contender] of Object.entries({ ours, alone })) {
    const one = await requests(contender.request);
    const rate = await publishes(contender.publish);
    if (turn === 0) continue;
    times[name].push(median(one));
    rates[name].push(rate);
    if (name === 'ours') times.all.push(...one);
  }
}
report('Over RabbitMQ', [
  {
    name: 'request and reply, ms',
    transport: `${round(median(times.ours), 3)} (p99 ${round(quantile(times.all, 0.99), 2)})`,
    amqplib: round(median(times.alone), 3),
    ratio: `${ratio(times.ours, times.alone)} (≤ 1.15)`,
  },
  {
    name: `events stored a second, ${WINDOW} at once`,
    transport: round(median(rates.ours), 0),
    amqplib: round(median(rates.alone), 0),
    ratio: `${ratio(rates.ours, rates.alone)} (≥ 0.85)`,
  },
]);
await services.stop();
process.exit(0);

async function requests(ask) {
  const took = [];
  for (let at = 0; at < REQUESTS; at++) {
    const began = performance.now();
    await ask();
    took.push(performance.now() - began);
  }
  return took;
}

async function publishes(publish) {
  const began = performance.now();
  for (let sent = 0; sent < EVENTS; sent += WINDOW) await publish(WINDOW);
  return (EVENTS * 1000) / (performance.now() - began);
}

/** The same messages with nothing around them. Both sides on connections of their own, as between processes. */
async function amqplibAlone() {
  const [near, far] = await Promise.all([amqp.connect(url, { noDelay: true }), amqp.connect(url, { noDelay: true })]);
  // The broker goes at the end, before they do.
  for (const connection of [near, far]) connection.on('error', () => undefined);
  const serving = await far.createChannel();
  await serving.assertQueue('bench.raw', { durable: true, autoDelete: true });
  await serving.consume('bench.raw', (message) => {
    const { data } = JSON.parse(message.content.toString());
    const { replyTo, correlationId } = message.properties;
    serving.publish('', replyTo, Buffer.from(JSON.stringify(data)), { correlationId });
    serving.ack(message);
  });
  const asking = await near.createChannel();
  const waiting = new Map();
  const take = ({ properties, content }) => {
    waiting.get(properties.correlationId)(JSON.parse(content.toString()));
    waiting.delete(properties.correlationId);
  };
  await asking.consume('amq.rabbitmq.reply-to', take, { noAck: true });
  const publishing = await near.createConfirmChannel();
  await publishing.assertExchange('bench.events', 'topic', { durable: true });
  const quorum = { durable: true, arguments: { 'x-queue-type': 'quorum' } };
  for (const [queue, exchange] of [
    ['bench.raw-events', 'bench.events'],
    ['bench.our-events', 'parley.events'],
  ]) {
    await publishing.assertQueue(queue, { ...quorum, arguments: { ...quorum.arguments, 'x-max-length': 10_000 } });
    await publishing.bindQueue(queue, exchange, 'bench.thing.happened.v1');
  }
  return {
    request: () =>
      new Promise((resolve) => {
        const correlationId = randomUUID();
        waiting.set(correlationId, resolve);
        const content = Buffer.from(JSON.stringify(envelope('bench.echo.v1')));
        const options = { correlationId, replyTo: 'amq.rabbitmq.reply-to', expiration: 10_000, mandatory: true };
        asking.publish('', 'bench.raw', content, options);
      }),
    publish: async (count) => {
      for (let at = 0; at < count; at++) {
        const content = Buffer.from(JSON.stringify(envelope('bench.thing.happened.v1')));
        publishing.publish('bench.events', 'bench.thing.happened.v1', content, { persistent: true });
      }
      await publishing.waitForConfirms();
    },
  };
}
