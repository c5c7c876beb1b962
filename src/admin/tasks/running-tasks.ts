import { Injectable } from '@nestjs/common';
import type { TaskView } from '../contracts/index.js';
import type { TaskProgress } from './tasks.js';

interface Running {
  stop: AbortController;
  progress: TaskProgress;
}

/**
 * The tasks of this process. What is asked for here need not pass the database, which on the embedded one is busy while a
 * task is in a transaction.
 */
@Injectable()
export class RunningTasks {
  private readonly tasks = new Map<string, Running>();

  add(id: string, running: Running): Disposable {
    this.tasks.set(id, running);
    return { [Symbol.dispose]: () => void this.tasks.delete(id) };
  }

  cancel(id: string): void {
    this.tasks.get(id)?.stop.abort();
  }

  /** As the task is right now, when it runs here. */
  live(view: TaskView): TaskView {
    const running = view.status === 'running' ? this.tasks.get(view.id) : undefined;
    return running ? { ...view, ...running.progress } : view;
  }
}
