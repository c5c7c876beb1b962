import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { moduleExtension, productPath } from '@app/config';
import { DomainError } from '@app/kernel';
import type { EngineEvent } from '../../domain/engine.js';
import { cancelled, throwIfAborted } from '../cancelled.js';
import type { EngineLogger } from '../engine-logger.js';
import type { ChildSettings, FromChild, Job, JobEvent, JobResults, ToChild } from './protocol.js';

export interface SupervisorOptions extends ChildSettings {
  /** A child that answers nothing for so long is killed. */
  hangMs: number;
  /** A child whose native library finishes nothing for so long, although it has work, is killed. */
  stallMs: number;
  logger: EngineLogger;
}

interface RunningJob {
  event(event: EngineEvent): void;
  resolve(result: JobResults[keyof JobResults]): void;
  reject(error: DomainError): void;
}

const entry = productPath('src/inference/engines/llama-cpp/child') + moduleExtension;
const watchMs = 1_000;
const maxBackOffMs = 10_000;
/** A child that lived so long had recovered: the next crash counts as the first. */
const healthyMs = 60_000;

/**
 * Keeps the native library in a process of its own. The child starts on first use; when it dies, its jobs fail with
 * `inference.engine-crashed`, and the next job starts another after a pause that grows with each crash.
 */
export class ChildSupervisor {
  /** Called when the child is gone with everything it had loaded. */
  onExit: () => void = () => {};
  readonly #jobs = new Map<number, RunningJob>();
  #process: ChildProcess | undefined;
  #startedAt = 0;
  #crashes = 0;
  #notBefore = 0;
  #nextId = 1;
  #watch: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly options: SupervisorOptions) {}

  /** The process id of the child, if one runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async run<J extends Job>(
    job: J,
    signal?: AbortSignal,
    onEvent: (event: EngineEvent) => void = () => {},
  ): Promise<JobResults[J['type']]> {
    throwIfAborted(signal);
    const child = await this.#start();
    throwIfAborted(signal);
    const id = this.#nextId++;
    const cancel = () => this.#send(child, { type: 'cancel', id });
    try {
      return await new Promise<JobResults[J['type']]>((resolve, reject) => {
        this.#jobs.set(id, {
          event: onEvent,
          resolve: resolve as RunningJob['resolve'],
          reject: (error) => reject(signal?.aborted ? cancelled(signal.reason) : error),
        });
        this.#hold();
        signal?.addEventListener('abort', cancel, { once: true });
        this.#send(child, { type: 'job', id, job });
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Ends the child now; running jobs fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#process;
    if (!child) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.ref();
    child.kill('SIGKILL');
    await gone;
  }

  async #start(): Promise<ChildProcess> {
    const pause = this.#notBefore - Date.now();
    if (!this.#process && pause > 0) await sleep(pause);
    if (this.#closed) throw new DomainError('unavailable', 'inference.engine-closed', 'The engine is shutting down.');
    return (this.#process ??= this.#fork());
  }

  #fork(): ChildProcess {
    const { threads, gpu, logger } = this.options;
    const settings: ChildSettings = { threads, gpu };
    const child = fork(entry, [JSON.stringify(settings)], {
      execArgv: ['--max-old-space-size=1024'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: childEnvironment(),
    });
    this.#startedAt = Date.now();
    logger.debug({ pid: child.pid }, 'inference child started');
    let lastWords = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-2_000);
      logger.debug({ pid: child.pid }, text.trimEnd());
    });
    child.on('message', (message) => this.#received(message as FromChild));
    child.on('error', (error) => logger.warn({ pid: child.pid, err: error }, 'inference child failed'));
    const exited = (code: number | null, killedBy: string | null) => {
      if (this.#process !== child) return;
      if (!this.#closed) logger.warn({ pid: child.pid, code, killedBy, lastWords }, 'inference child died');
      this.#gone();
    };
    child.once('exit', exited);
    child.once('error', () => exited(null, null));
    this.#release(child);
    return child;
  }

  #gone(): void {
    this.#process = undefined;
    this.#crashes = Date.now() - this.#startedAt > healthyMs ? 1 : this.#crashes + 1;
    const pause = this.#crashes < 2 ? 0 : 125 * 2 ** (this.#crashes - 1);
    this.#notBefore = Date.now() + Math.min(pause, maxBackOffMs);
    clearInterval(this.#watch);
    this.#watch = undefined;
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    this.onExit();
    const error = new DomainError('unavailable', 'inference.engine-crashed', 'The inference engine has stopped.');
    for (const job of jobs) job.reject(error);
  }

  #received({ steps, events }: FromChild): void {
    this.#alive.messageAt = Date.now();
    if (steps !== this.#alive.steps || events.length > 0) this.#alive.stepAt = Date.now();
    this.#alive.steps = steps;
    for (const event of events) this.#dispatch(event);
  }

  #dispatch(event: JobEvent): void {
    const job = this.#jobs.get(event.id);
    if (!job) return;
    if ('event' in event) return job.event(event.event);
    this.#jobs.delete(event.id);
    if (this.#jobs.size === 0 && this.#process) this.#release(this.#process);
    if ('done' in event) {
      this.#crashes = 0;
      job.resolve(event.done);
    } else job.reject(DomainError.fromJSON(event.failed));
  }

  #alive = { messageAt: 0, stepAt: 0, checkedAt: 0, steps: 0 };

  /** While there is work, the child keeps this process alive and is watched. */
  #hold(): void {
    if (this.#watch) return;
    this.#process?.ref();
    this.#process?.channel?.ref();
    const now = Date.now();
    this.#alive = { messageAt: now, stepAt: now, checkedAt: now, steps: this.#alive.steps };
    this.#watch = setInterval(() => this.#check(), watchMs).unref();
  }

  /** An idle child does not keep this process alive. */
  #release(child: ChildProcess): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
    child.unref();
    child.channel?.unref();
    (child.stderr as { unref?: () => void } | null)?.unref?.();
  }

  #check(): void {
    const child = this.#process;
    if (!child) return;
    const now = Date.now();
    const alive = this.#alive;
    // This process itself stood still (a suspended laptop): what the child did meanwhile has not been read yet.
    if (now - alive.checkedAt > 3 * watchMs) alive.messageAt = alive.stepAt = now;
    alive.checkedAt = now;
    const { hangMs, stallMs, logger } = this.options;
    if (now - alive.messageAt > hangMs || now - alive.stepAt > stallMs) {
      logger.warn({ pid: child.pid, hangMs, stallMs }, 'inference child hangs; killing it');
      child.kill('SIGKILL');
    } else this.#send(child, { type: 'ping' });
  }

  #send(child: ChildProcess, message: ToChild): void {
    // A child that just died is reported by its exit event.
    if (child.connected) child.send(message, () => {});
  }
}

/** No secrets of this process, and one thread for native calls: more of them slow the evaluation down by half. */
function childEnvironment(): NodeJS.ProcessEnv {
  const passed = [
    'PATH',
    'HOME',
    'TMPDIR',
    'LANG',
    'LD_LIBRARY_PATH',
    'SystemRoot',
    'TEMP',
    'TMP',
    'CUDA_VISIBLE_DEVICES',
  ];
  const kept = Object.fromEntries(passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  return { ...kept, UV_THREADPOOL_SIZE: '1' };
}
