import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');
/** The product runs on the Node that it is installed with, whatever runs the tests. */
export const nodeBinary = join(root, 'node_modules/.bin/node');

export interface ParleyOptions {
  /** Kept between starts; a fresh one when left out. */
  dataDir?: string;
  env?: Record<string, string>;
  /** Milliseconds until it must be listening. */
  startWithinMs?: number;
}

export const admin = { email: 'admin@example.org', password: 'correct horse battery' };
export const apiKey = 'pk_e2e_0123456789abcdefghijklmnop';

/** The built product as its own operating-system process, on a free port. */
export class Parley {
  private constructor(
    readonly process: ChildProcess,
    readonly url: string,
    readonly dataDir: string,
    readonly log: string[],
    readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>,
  ) {}

  static freshDataDir(): string {
    return mkdtempSync(join(tmpdir(), 'parley-'));
  }

  static async start({ dataDir = Parley.freshDataDir(), env = {}, startWithinMs = 60_000 }: ParleyOptions = {}) {
    const child = spawn(nodeBinary, [join(root, 'dist/src/main.js')], {
      cwd: dataDir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        NODE_ENV: 'production',
        PORT: '0',
        DATA_DIR: dataDir,
        LOG_FORMAT: 'json',
        AUTH_ADMIN_EMAIL: admin.email,
        AUTH_ADMIN_PASSWORD: admin.password,
        AUTH_API_KEY: apiKey,
        EXPLORE_SOURCES: 'folder',
        INFERENCE_THREADS: '1',
        ...env,
      },
    });
    const log: string[] = [];
    const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
      child.once('exit', (code, signal) => resolve({ code, signal })),
    );
    createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
    const url = await new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`not listening in time:\n${log.join('\n')}`)), startWithinMs);
      void exited.then(({ code }) => reject(new Error(`ended with ${code}:\n${log.join('\n')}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        log.push(line);
        const found = /"url":"(http:\/\/[^"]+)"/.exec(line)?.[1];
        if (found) {
          clearTimeout(late);
          resolve(found);
        }
      });
    });
    return new Parley(child, url, dataDir, log, exited);
  }

  /** The process of the local engine, once a model was used. */
  enginePid(): number | undefined {
    const task = `/proc/${this.process.pid}/task`;
    for (const thread of readdirSync(task)) {
      for (const pid of readFileSync(`${task}/${thread}/children`, 'utf8').split(' ').filter(Boolean)) {
        if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('llama-cpp')) return Number(pid);
      }
    }
    return undefined;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL') {
    this.process.kill(signal);
    return this.exited;
  }

  /** Ends it in order and removes what it stored. */
  async dispose(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.kill('SIGTERM');
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
