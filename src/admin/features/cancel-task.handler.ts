import { type DataOf, Handles, MessageBus, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { CancelTask, TaskCancelRequested } from '../contracts/index.js';
import { requireAdministrator } from '../require-administrator.js';
import { RunningTasks } from '../tasks/running-tasks.js';
import { Tasks } from '../tasks/tasks.js';

/** Tells a task of this process at once; one of another process reads it from the table. */
@Handles(CancelTask, { transaction: false })
export class CancelTaskHandler {
  constructor(
    private readonly tasks: Tasks,
    private readonly running: RunningTasks,
    private readonly db: Database,
    private readonly bus: MessageBus,
  ) {}

  async handle({ taskId }: DataOf<CancelTask>, context: MessageContext): Promise<ResultOf<CancelTask>> {
    requireAdministrator(context);
    this.running.cancel(taskId);
    const task = await this.db.transaction(async () => {
      if (await this.tasks.requestCancel(taskId)) await this.bus.publish(new TaskCancelRequested({ taskId }));
      return this.tasks.get(taskId);
    });
    // It may have begun between the two, without having read the wish.
    this.running.cancel(taskId);
    return task;
  }
}
