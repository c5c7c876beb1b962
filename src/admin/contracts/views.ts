import { z } from 'zod';

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
