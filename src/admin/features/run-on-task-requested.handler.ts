import { Logger } from '@nestjs/common';
import { toDomainError } from '@app/kernel';
import { type DataOf, MessageBus, type MessageContext, OnEvent, runDetached } from '@app/messaging';
import { Database } from '@app/persistence';
import { TaskFinished, TaskRequested } from '../contracts/index.js';
import { RunningTasks } from '../tasks/running-tasks.js';
import { TaskJobs } from '../tasks/task-jobs.js';
import { type TaskEnd, type TaskProgress, Tasks } from '../tasks/tasks.js';

const REPORT_MS = 500;
const ATTEMPTS = 5;

/**
 * Runs a task. After a crash or a shutdown it is delivered again and begins anew; a task that takes the process down
 * every time is marked as failed at its last attempt.
 */
@OnEvent(TaskRequested, {
  queue: 'admin.run-on-task-requested',
  transaction: false,
  concurrency: 2,
  attempts: ATTEMPTS,
})
export class RunOnTaskRequestedHandler {
  private readonly logger = new Logger('Tasks');

  constructor(
    private readonly tasks: Tasks,
    private readonly jobs: TaskJobs,
    private readonly running: RunningTasks,
    private readonly db: Database,
    private readonly bus: MessageBus,
  ) {}

  async handle({ taskId, kind, params }: DataOf<TaskRequested>, context: MessageContext): Promise<void> {
    const task = await this.tasks.begin(taskId);
    if (!task) return;
    const stop = new AbortController();
    const progress: TaskProgress = { done: 0, total: null, note: null };
    using _running = this.running.add(taskId, { stop, progress });
    using _reports = this.reports(taskId, progress, stop);
    const end = await this.run(context, task.cancelRequested, stop.signal, (signal) =>
      this.jobs.of[kind](params, (more) => Object.assign(progress, more), signal),
    );
    await this.db.transaction(async () => {
      await this.tasks.progress(taskId, progress);
      if (await this.tasks.finish(taskId, end))
        await this.bus.publish(new TaskFinished({ taskId, kind, status: end.status }));
    });
  }

  /** @throws what puts the delivery back: the process is asked to end */
  private async run(
    { signal: leaving, deliveryAttempt }: MessageContext,
    cancelled: boolean,
    stop: AbortSignal,
    job: (signal: AbortSignal) => Promise<Record<string, unknown>>,
  ): Promise<TaskEnd> {
    if (cancelled) return { status: 'cancelled' };
    if (deliveryAttempt >= ATTEMPTS) {
      const message = 'The process ended each time that this task was run.';
      return { status: 'failed', error: { code: 'admin.task-crashed', message } };
    }
    try {
      return { status: 'done', result: await job(AbortSignal.any([leaving, stop])) };
    } catch (error) {
      if (leaving.aborted) throw leaving.reason;
      if (stop.aborted) return { status: 'cancelled' };
      const { kind, code, message, details } = toDomainError(error);
      if (kind === 'internal') this.logger.error({ msg: 'A task failed', err: error });
      return { status: 'failed', error: { code, message }, ...(details && { result: details }) };
    }
  }

  /** Writes down how far it is, and hears whether it is to stop. Never in the task's own transaction. */
  private reports(taskId: string, progress: TaskProgress, stop: AbortController): Disposable {
    let writing = false;
    const report = async () => {
      if (writing) return;
      writing = true;
      try {
        if (await this.tasks.progress(taskId, progress)) stop.abort();
      } catch (err) {
        this.logger.warn({ msg: 'Could not note how far a task is', taskId, err });
      } finally {
        writing = false;
      }
    };
    const timer = runDetached(() => setInterval(() => void report(), REPORT_MS));
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }
}
