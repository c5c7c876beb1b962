import { z } from 'zod';

/** What narrows the audit. All that is given must hold. */
export const AuditFilter = z.object({
  type: z
    .string()
    .regex(/^[a-z0-9.-]{1,100}$/)
    .optional()
    .describe('A type, or how it starts: `auth.` or `chat.message.sent.v1`'),
  actor: z.string().min(1).max(100).optional().describe('Id of the account that did it; `system` for nobody'),
  stream: z.string().min(1).max(200).optional(),
  from: z.iso.datetime({ offset: true }).optional().describe('At or after'),
  to: z.iso.datetime({ offset: true }).optional().describe('Before'),
  id: z
    .string()
    .regex(/^[A-Za-z0-9:._-]{4,100}$/)
    .optional()
    .describe('An id that it has to do with: its own, its request’s, or one in its stream or data'),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

export const QueueName = z.string().regex(/^[a-z0-9.-]{1,200}$/);

/** Where an answer was asked for: in a conversation, or by a program over `/v1`. */
export const UsageSource = z.enum(['chat', 'api']);
export type UsageSource = z.infer<typeof UsageSource>;

/** What an administrator can have done in the background. */
export const TaskKind = z.enum(['verify-audit', 'rebuild-projections', 'rebuild-usage', 'replay-parked']);
export type TaskKind = z.infer<typeof TaskKind>;

export const TaskParams = z
  .object({
    queue: QueueName.optional().describe('replay-parked: the queue'),
    projections: z.array(z.string().max(100)).max(50).optional().describe('rebuild-projections: all when left out'),
  })
  .meta({ id: 'TaskParams' });
export type TaskParams = z.infer<typeof TaskParams>;
