// The reaction of the `outbox` benchmark in a process of its own. Its effect is the row of the inbox; when that is
// committed, a line says which event it was.
import { HandlerInvoker } from '../../../dist/libs/messaging/src/handler-invoker.js';
import { DatabaseInbox } from '../../../dist/libs/messaging/src/database.inbox.js';
import { connect, Happened, now, queue } from './outbox-side.mjs';

const { db, transport } = await connect('consumer');
const invoker = new HandlerInvoker(db, new DatabaseInbox(db));
const done = [];
const handle = async ({ n }) => db.afterCommit(() => done.push([n, now()]));
const reaction = { options: { queue, messages: [Happened] }, transaction: true, handle };
await transport.subscribe(
  {
    queue,
    types: [Happened.type],
    concurrency: Number(process.env.BENCH_CONCURRENCY),
    attempts: 5,
    backoff: { baseMs: 200, maxMs: 1_000 },
  },
  (delivery) => invoker.react(reaction, delivery),
);
setInterval(() => done.length > 0 && process.send(done.splice(0)), 5);
process.once('disconnect', () => process.exit(0));
