import { z } from 'zod';
import { TaskKind, TaskParams, UsageSource } from './shapes.js';

/** One thing that happened, as the audit shows it. What people wrote is left out: `data` tells its length only. */
export const AuditEvent = z
  .object({
    position: z.string().describe('Order over everything that happened; a 64-bit number as text'),
    id: z.uuid(),
    type: z.string(),
    stream: z.string(),
    occurredAt: z.iso.datetime(),
    actor: z.object({ userId: z.string(), role: z.string() }).nullable().describe('null: the system did it by itself'),
    source: z.string().nullable().describe('The service that stored it'),
    correlationId: z.string().nullable().describe('The same for all that one request set off'),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEvent' });
export type AuditEvent = z.infer<typeof AuditEvent>;

export const AuditPage = z
  .object({ items: z.array(AuditEvent), nextCursor: z.string().nullable() })
  .meta({ id: 'AuditPage' });

/** How the server is. */
export const OverviewView = z
  .object({
    version: z.string(),
    nodeVersion: z.string(),
    uptimeSeconds: z.number(),
    memory: z.object({ residentBytes: z.number(), heapUsedBytes: z.number() }),
    events: z.object({ total: z.number(), lastDay: z.number(), unpublished: z.number() }),
    deliveries: z.object({
      waiting: z.number().describe('To be handled, or being handled'),
      parked: z.number().describe('Given up after the last try'),
    }),
  })
  .meta({ id: 'OverviewView' });

export const AuditHead = z
  .object({
    position: z.string().nullable().describe('Last sealed position; null before the first seal'),
    seal: z.string().nullable().describe('Its seal, hex. Keep it elsewhere: it proves later that nothing was cut off'),
    sealed: z.number().describe('Events with a seal'),
    waiting: z.number().describe('Events that have none yet'),
  })
  .meta({ id: 'AuditHead' });

export const InstanceView = z
  .object({
    id: z.uuid(),
    service: z.string(),
    version: z.string(),
    modules: z.array(z.string()).describe('Whose messages it handles'),
    http: z.array(z.string()).describe('What it serves over HTTP'),
    host: z.string(),
    pid: z.number(),
    startedAt: z.iso.datetime(),
    lastBeat: z.iso.datetime(),
    alive: z.boolean().describe('It beat within the last 10 seconds'),
    load: z.object({
      eventLoopLagMs: z.number().describe('99th percentile since the last beat'),
      residentBytes: z.number(),
      cpuShare: z.number().describe('1 is one core, all the time'),
      runningRequests: z.number().nullable().describe('HTTP requests being answered; null without HTTP'),
    }),
  })
  .meta({ id: 'InstanceView' });

export const InstanceList = z
  .object({
    at: z.iso.datetime().describe('The clock that beats and starts were read by'),
    modules: z.array(z.object({ name: z.string(), alive: z.number().describe('Live processes that handle it') })),
    items: z.array(InstanceView),
  })
  .meta({ id: 'InstanceList' });

export const QueueView = z
  .object({
    queue: z.string(),
    waiting: z.number().describe('To be handled, a failed one before its next attempt included'),
    running: z.number().describe('In all processes; over RabbitMQ as of their last beats, 2 seconds apart'),
    parked: z.number().describe('Given up after the last try'),
  })
  .meta({ id: 'QueueView' });
export type QueueView = z.infer<typeof QueueView>;

export const QueueList = z.object({ items: z.array(QueueView) }).meta({ id: 'QueueList' });

/** A message that failed every attempt. What people wrote is left out, as in the audit. */
export const ParkedMessage = z
  .object({
    id: z.string(),
    queue: z.string(),
    type: z.string(),
    messageId: z.string(),
    correlationId: z.string(),
    actor: z.object({ userId: z.string(), role: z.string() }).nullable(),
    sentAt: z.string(),
    parkedAt: z.iso.datetime(),
    attempts: z.number(),
    error: z.object({ code: z.string(), message: z.string() }),
    data: z.unknown(),
  })
  .meta({ id: 'ParkedMessage' });
export type ParkedMessage = z.infer<typeof ParkedMessage>;

export const ParkedPage = z
  .object({ items: z.array(ParkedMessage), nextCursor: z.string().nullable() })
  .meta({ id: 'ParkedPage' });

const counts = {
  answers: z.number().describe('Complete, stopped and failed ones'),
  failed: z.number(),
  stopped: z.number(),
  promptTokens: z.number(),
  completionTokens: z.number(),
};

/** Milliseconds from the request being stored to the first stored token, read off a histogram; null without answers. */
const Latency = z.object({
  p50: z.number().nullable(),
  p90: z.number().nullable(),
  p99: z.number().nullable(),
  answers: z.number(),
});

export const UsageView = z
  .object({
    from: z.iso.date(),
    to: z.iso.date(),
    total: z.object(counts),
    days: z.array(
      z.object({
        day: z.iso.date(),
        ...counts,
        signIns: z.number(),
        signUps: z.number(),
        installs: z.number(),
        failedInstalls: z.number(),
      }),
    ),
    sources: z
      .array(z.object({ source: UsageSource, ...counts, timeToFirstToken: Latency }))
      .describe('Conversations and `/v1`, whichever of them was asked for'),
    models: z.array(z.object({ model: z.string(), ...counts, timeToFirstToken: Latency })),
    users: z.array(z.object({ userId: z.string(), ...counts })).describe('Who used most, at most 50'),
    timeToFirstToken: Latency.extend({
      histogram: z.array(
        z.object({ belowMs: z.number().nullable().describe('null: above the last bound'), answers: z.number() }),
      ),
    }),
  })
  .meta({ id: 'UsageView' });
export type UsageView = z.infer<typeof UsageView>;

export const TaskStatus = z.enum(['queued', 'running', 'done', 'failed', 'cancelled']);
export type TaskStatus = z.infer<typeof TaskStatus>;

/** Something long that an administrator had done. */
export const TaskView = z
  .object({
    id: z.uuid(),
    kind: TaskKind,
    params: TaskParams,
    status: TaskStatus,
    done: z.number().describe('Steps so far'),
    total: z.number().nullable().describe('Steps in all; null while that is not known'),
    note: z.string().nullable().describe('What it is at'),
    result: z.record(z.string(), z.unknown()).nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    cancelRequested: z.boolean(),
    attempts: z.number().describe('More than 1: it was taken up again after a process ended'),
    requestedBy: z.string().nullable(),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'TaskView' });
export type TaskView = z.infer<typeof TaskView>;

export const TaskList = z.object({ items: z.array(TaskView) }).meta({ id: 'TaskList' });
