import { DomainError } from '@app/kernel';
import { type DataOf, Handles, MessageBus, type MessageContext, type ResultOf } from '@app/messaging';
import { StartTask, TaskRequested } from '../contracts/index.js';
import { requireAdministrator } from '../require-administrator.js';
import { Tasks } from '../tasks/tasks.js';

@Handles(StartTask)
export class StartTaskHandler {
  constructor(
    private readonly tasks: Tasks,
    private readonly bus: MessageBus,
  ) {}

  async handle({ kind, params }: DataOf<StartTask>, context: MessageContext): Promise<ResultOf<StartTask>> {
    const { userId } = requireAdministrator(context);
    if (kind === 'replay-parked' && !params.queue) {
      throw new DomainError('invalid', 'admin.queue-needed', 'Say which queue to replay.');
    }
    const task = await this.tasks.create(kind, params, userId);
    await this.bus.publish(new TaskRequested({ taskId: task.id, kind, params }));
    return task;
  }
}
