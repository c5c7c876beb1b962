// Shared by both sides of the `outbox` benchmark: the parts of the product that move an event, with nothing around them.
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { event } from '../../../dist/libs/messaging/src/index.js';
import { RabbitMqTransport } from '../../../dist/libs/messaging/src/rabbitmq/rabbitmq.transport.js';
import { Database } from '../../../dist/libs/persistence/src/index.js';
import { z } from 'zod';

export class Happened extends event('bench.thing.happened.v1', z.object({ n: z.number(), text: z.string() })) {}

export const queue = 'bench.note-on-happened';
export const text = 'x'.repeat(512);
export const now = () => performance.timeOrigin + performance.now();

/** @param service of this side */
export async function connect(service) {
  Logger.overrideLogger(false);
  const { BENCH_DATABASE_URL, BENCH_RABBITMQ_URL } = process.env;
  const db = await Database.connect(BENCH_DATABASE_URL);
  const transport = new RabbitMqTransport({
    url: BENCH_RABBITMQ_URL,
    service,
    topology: [{ queue, types: [Happened.type] }],
  });
  await transport.start();
  return { db, transport };
}
