import { setTimeout as sleep } from 'node:timers/promises';
import { type DataOf, Handles, type MessageContext } from '@app/messaging';
import { StreamTask, type TaskView } from '../contracts/index.js';
import { RunningTasks } from '../tasks/running-tasks.js';
import { isOver, Tasks } from '../tasks/tasks.js';

const LOOK_MS = 300;

@Handles(StreamTask)
export class StreamTaskHandler {
  constructor(
    private readonly tasks: Tasks,
    private readonly running: RunningTasks,
  ) {}

  async *handle({ taskId }: DataOf<StreamTask>, { signal }: MessageContext): AsyncGenerator<TaskView> {
    for (let shown = ''; !signal.aborted;) {
      const task = this.running.live(await this.tasks.get(taskId));
      if (JSON.stringify(task) !== shown) yield task;
      if (isOver(task.status)) return;
      shown = JSON.stringify(task);
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
