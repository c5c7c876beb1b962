import { EngineError, type EngineErrorCode } from './errors.js';

/** What goes to a worker and what comes back; `id` tells calls apart. */
type ToWorker = { id: number; method: string; args: unknown } | { id: number; cancel: true };
type FromWorker =
  | { id: number; event: unknown }
  | { id: number; result: unknown }
  | { id: number; code: EngineErrorCode; reason?: string };

type Handler = (args: never, tell: (event: unknown) => void, signal: AbortSignal) => Promise<unknown>;

/** The worker's side: answers calls by name. */
export function answerCalls(handlers: Record<string, Handler>): void {
  const running = new Map<number, AbortController>();
  const post = (message: FromWorker) => globalThis.postMessage(message);
  addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
    const { id } = data;
    if ('cancel' in data) return running.get(id)?.abort();
    const controller = new AbortController();
    running.set(id, controller);
    const handler = handlers[data.method]!;
    handler(data.args as never, (event) => post({ id, event }), controller.signal)
      .then(
        (result) => post({ id, result }),
        (error: unknown) =>
          post(
            error instanceof EngineError
              ? { id, code: error.code, reason: error.reason }
              : { id, code: 'engine.crashed', reason: String(error) },
          ),
      )
      .finally(() => running.delete(id));
  });
}

interface CallOptions {
  signal?: AbortSignal;
  onEvent?(event: unknown): void;
  /** The worker may be silent for so long; then it is ended. */
  silenceMs?: number;
}

interface Call {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  onEvent?(event: unknown): void;
  alive(): void;
}

/** The page's side. A worker that ended is made anew by the next call. */
export class WorkerCalls {
  private worker: Worker | null = null;
  private readonly calls = new Map<number, Call>();
  private lastId = 0;

  constructor(
    private readonly make: () => Worker,
    /** The worker is gone, and all that it held. */
    private readonly onEnd: () => void = () => undefined,
  ) {}

  async call<T>(method: string, args: unknown, { signal, onEvent, silenceMs }: CallOptions = {}): Promise<T> {
    const worker = (this.worker ??= this.start());
    const id = ++this.lastId;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const cancel = () => worker.postMessage({ id, cancel: true } satisfies ToWorker);
    try {
      return await new Promise<T>((resolve, reject) => {
        const alive = () => {
          clearTimeout(timer);
          if (silenceMs) timer = setTimeout(() => this.end(new EngineError('engine.timed-out', method)), silenceMs);
        };
        this.calls.set(id, { resolve: (result) => resolve(result as T), reject, onEvent, alive });
        alive();
        worker.postMessage({ id, method, args } satisfies ToWorker);
        signal?.addEventListener('abort', cancel, { once: true });
        if (signal?.aborted) cancel();
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      this.calls.delete(id);
    }
  }

  /** Ends the worker whatever it does; calls that run are refused with `error`. */
  end(error: EngineError): void {
    const { worker } = this;
    this.worker = null;
    worker?.terminate();
    for (const call of this.calls.values()) call.reject(error);
    if (worker) this.onEnd();
  }

  private start(): Worker {
    const worker = this.make();
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      const call = this.calls.get(data.id);
      if (!call) return;
      call.alive();
      if ('event' in data) call.onEvent?.(data.event);
      else if ('code' in data) call.reject(new EngineError(data.code, data.reason));
      else call.resolve(data.result);
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      if (this.worker === worker) this.end(new EngineError('engine.crashed', event.message));
    });
    return worker;
  }
}
