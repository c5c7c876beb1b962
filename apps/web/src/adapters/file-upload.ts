import { DetailedError, Upload } from 'tus-js-client';
import { problemOf } from '../api/problem.js';
import { api } from '../api/session.js';
import { Store } from '../api/store.js';

export interface UploadState {
  status: 'waiting' | 'running' | 'paused' | 'done' | 'failed';
  sentBytes: number;
  totalBytes: number;
  error: string | null;
}

/** Pieces end, so that a proxy that limits requests lets them pass. */
const CHUNK_BYTES = 8 * 2 ** 20;

/** A file on its way to the server: it can be paused, and goes on by itself after a lost connection. */
export class FileUpload {
  readonly state: Store<UploadState>;
  private readonly task: Upload;
  /** The upload's id once all is there. */
  readonly id: Promise<string>;
  private settle: { resolve(id: string): void; reject(error: Error): void } = { resolve: () => {}, reject: () => {} };

  constructor(readonly file: File) {
    this.state = new Store<UploadState>({ status: 'waiting', sentBytes: 0, totalBytes: file.size, error: null });
    this.id = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    // Whoever closes the form is told nothing more.
    this.id.catch(() => undefined);
    this.task = new Upload(file, {
      // With its host: the library takes the address of an upload relative to it.
      endpoint: new URL('/api/uploads', location.href).href,
      chunkSize: CHUNK_BYTES,
      metadata: { filename: file.name },
      retryDelays: [0, 500, 1000, 2000, 5000, 10_000],
      storeFingerprintForResuming: false,
      onBeforeRequest: (request) => {
        const bearer = api.bearer();
        if (bearer) request.setHeader('Authorization', bearer);
      },
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        // A session that ended in the middle is renewed before the next try.
        if (status === 401) void api.refresh().catch(() => undefined);
        return status === 0 || status === 401 || status === 409 || status === 423 || status === 429 || status >= 500;
      },
      onProgress: (sentBytes) => this.change({ sentBytes }),
      onError: (error) => void this.fail(error),
      onSuccess: () => {
        this.change({ status: 'done', sentBytes: file.size });
        this.settle.resolve(this.task.url!.split('/').at(-1)!);
      },
    });
  }

  start(): void {
    this.change({ status: 'running', error: null });
    this.task.start();
  }

  pause(): void {
    this.change({ status: 'paused' });
    void this.task.abort();
  }

  /** Gives it up; what came is removed on the server. */
  cancel(): void {
    this.task.abort(true).catch(() => undefined);
    this.settle.reject(new Error('cancelled'));
  }

  private change(part: Partial<UploadState>): void {
    this.state.update((state) => ({ ...state, ...part }));
  }

  private async fail(error: Error | DetailedError): Promise<void> {
    const response = error instanceof DetailedError ? error.originalResponse : null;
    const problem = response && (await problemOf(new Response(response.getBody(), { status: response.getStatus() })));
    const message = problem?.message ?? 'The connection was lost.';
    this.change({ status: 'failed', error: message });
  }
}
