// A command through the in-process bus against awaiting the handler directly.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { z } from 'zod';
import { command, Handles, MessageBus, MessagingModule } from '../../dist/libs/messaging/src/index.js';
import { median, report, round } from './lib/bench.mjs';

const CALLS = 20_000;
class Add extends command('bench.add.v1', z.object({ a: z.number(), b: z.number() }), z.object({ sum: z.number() })) {}
class AddHandler {
  async handle({ a, b }) {
    return { sum: a + b };
  }
}
Handles(Add)(AddHandler);
class BenchModule {}
Module({ imports: [MessagingModule.inMemory({ service: 'bench' })], providers: [AddHandler] })(BenchModule);

const app = await NestFactory.createApplicationContext(BenchModule, { logger: false });
const bus = app.get(MessageBus, { strict: false });
const handler = new AddHandler();
async function time(call) {
  const began = performance.now();
  for (let at = 0; at < CALLS; at++) await call(at);
  return ((performance.now() - began) * 1000) / CALLS;
}
const through = [];
const direct = [];
for (let turn = 0; turn < 12; turn++) {
  const bused = await time((at) => bus.execute(new Add({ a: at, b: 1 })));
  const alone = await time((at) => handler.handle({ a: at, b: 1 }));
  if (turn < 2) continue;
  through.push(bused);
  direct.push(alone);
}
report('A call, µs', [
  { name: 'through the bus (≤ 20 µs more)', 'p50 µs': round(median(through)) },
  { name: 'direct await', 'p50 µs': round(median(direct)) },
]);
process.exit(0);
