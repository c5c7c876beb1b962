import { command } from '@app/messaging';
import { z } from 'zod';
import { QueueName, TaskKind, TaskParams } from './shapes.js';
import { TaskView } from './views.js';

const letter = z.object({ queue: QueueName, id: z.string().min(1).max(200).describe('Id of the parked message') });

/** A parked message goes back into its queue, with all attempts anew. For administrators. */
export class ReplayParked extends command('admin.replay-parked.v1', letter) {}

/** A parked message is forgotten. For administrators. */
export class DropParked extends command('admin.drop-parked.v1', letter) {}

/** For administrators. */
export class StartTask extends command(
  'admin.start-task.v1',
  z.object({ kind: TaskKind, params: TaskParams.default({}) }),
  TaskView,
) {}

/** Takes effect within a second; a task that is over stays as it is. For administrators. */
export class CancelTask extends command('admin.cancel-task.v1', z.object({ taskId: z.uuid() }), TaskView) {}
