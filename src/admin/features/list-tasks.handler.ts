import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { ListTasks } from '../contracts/index.js';
import { RunningTasks } from '../tasks/running-tasks.js';
import { Tasks } from '../tasks/tasks.js';

@Handles(ListTasks)
export class ListTasksHandler {
  constructor(
    private readonly tasks: Tasks,
    private readonly running: RunningTasks,
  ) {}

  async handle({ limit }: DataOf<ListTasks>): Promise<ResultOf<ListTasks>> {
    return { items: (await this.tasks.list(limit)).map((task) => this.running.live(task)) };
  }
}
