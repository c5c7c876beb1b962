import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { GetTask } from '../contracts/index.js';
import { RunningTasks } from '../tasks/running-tasks.js';
import { Tasks } from '../tasks/tasks.js';

@Handles(GetTask)
export class GetTaskHandler {
  constructor(
    private readonly tasks: Tasks,
    private readonly running: RunningTasks,
  ) {}

  async handle({ taskId }: DataOf<GetTask>): Promise<ResultOf<GetTask>> {
    return this.running.live(await this.tasks.get(taskId));
  }
}
